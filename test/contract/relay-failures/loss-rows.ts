import { textFrame } from "../../../src/protocol/frame/frame.ts";
import type { FailureRow } from "./failure-row.ts";

const Both = ["toUpstream", "toClient"] as const;

/** Ends and losses without a Close. */
export const lossRows: readonly FailureRow[] = [
  {
    event: "client end without Close",
    at: "boundary",
    act: ({ client }) => client.end(),
    clientSees: ["end"],
    upstreamSees: ["end"],
    counted: "client 1006 end-without-close",
  },
  {
    event: "client end without Close",
    at: "mid-frame to the upstream",
    midFrame: ["toUpstream"],
    act: ({ client }) => client.end(),
    clientSees: ["end"],
    upstreamSees: ["binary 4 of 10", "reset CANCEL"],
    counted: "client 1006 end-without-close",
  },
  {
    event: "client end without Close",
    at: "mid-frame to the client",
    midFrame: ["toClient"],
    act: ({ client }) => client.end(),
    clientSees: ["binary 4 of 10", "reset CANCEL"],
    upstreamSees: ["end"],
    counted: "client 1006 end-without-close",
  },
  {
    event: "client end without Close, upstream stays",
    at: "boundary",
    upstream: "silent",
    act: ({ client }) => client.end(),
    clientSees: ["end"],
    upstreamSees: ["end", "reset CANCEL"],
    counted: "client 1006 end-without-close",
    after: ["closeMs"],
  },
  ...(["boundary", "mid-frame"] as const).flatMap((at): FailureRow[] => {
    const midFrame = at === "boundary" ? [] : Both;
    const partial = at === "boundary" ? [] : ["binary 4 of 10"];
    return [
      {
        event: "client reset",
        at,
        midFrame,
        act: ({ client }) => client.reset(),
        clientSees: [],
        upstreamSees: [...partial, "reset CANCEL"],
        counted: "client 1006 reset",
      },
      {
        event: "client connection lost",
        at,
        midFrame,
        needs: "client-loss",
        act: ({ client }) => client.loseConnection(),
        clientSees: [],
        upstreamSees: [...partial, "reset CANCEL"],
        counted: "client 1006 connection-lost",
      },
      {
        event: "upstream RST",
        at,
        midFrame,
        client: at === "boundary" ? "answers" : "silent",
        act: ({ upstream }) => upstream.reset(),
        clientSees: at === "boundary" ? ["close 1014", "end"] : [...partial, "reset CONNECT_ERROR"],
        upstreamSees: [],
        counted: "upstream 1006 reset",
      },
      {
        event: "upstream connection lost",
        at,
        midFrame,
        needs: "upstream-loss",
        act: ({ upstream }) => upstream.loseConnection(),
        clientSees: at === "boundary" ? ["close 1014", "end"] : [...partial, "reset CONNECT_ERROR"],
        upstreamSees: [],
        counted: "upstream 1006 connection-lost",
      },
    ];
  }),
  {
    event: "client GOAWAY (NO_ERROR)",
    at: "boundary",
    needs: "goaway",
    act: async ({ client, upstream, settled }) => {
      client.peer.goAway?.();
      await settled();
      client.say(textFrame("still here"));
      client.close(1000);
      upstream.say(textFrame("me too"));
    },
    clientSees: ["text me too", "close 1000", "end"],
    upstreamSees: ["text still here", "close 1000", "end"],
    counted: "client 1000 close-frame",
  },
  {
    event: "upstream FIN without Close",
    at: "boundary",
    act: ({ upstream }) => upstream.end(),
    clientSees: ["close 1014", "end"],
    upstreamSees: ["end"],
    counted: "upstream 1006 end-without-close",
  },
  {
    event: "upstream FIN without Close, client silent",
    at: "boundary",
    client: "silent",
    act: ({ upstream }) => upstream.end(),
    clientSees: ["close 1014", "end", "reset CANCEL"],
    upstreamSees: ["end"],
    counted: "upstream 1006 end-without-close",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "upstream FIN without Close",
    at: "mid-frame to the client",
    midFrame: ["toClient"],
    client: "silent",
    act: ({ upstream }) => upstream.end(),
    clientSees: ["binary 4 of 10", "reset CONNECT_ERROR"],
    upstreamSees: ["end"],
    counted: "upstream 1006 end-without-close",
  },
  {
    event: "upstream FIN without Close",
    at: "mid-frame to the upstream",
    midFrame: ["toUpstream"],
    act: ({ upstream }) => upstream.end(),
    clientSees: ["close 1014", "end"],
    upstreamSees: ["binary 4 of 10", "reset CANCEL"],
    counted: "upstream 1006 end-without-close",
  },
];
