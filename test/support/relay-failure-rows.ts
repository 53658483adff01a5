import type { Relay } from "../../src/gateway/serving/relay.ts";
import { binaryFrame, textFrame } from "../../src/protocol/frame/frame.ts";
import { hex } from "./bits.ts";
import type { Manner, RelayEndpoint } from "./relay-endpoint.ts";

/** A relay between two endpoints, as a row of the table acts on it. */
export interface FailureBench {
  readonly client: RelayEndpoint;
  readonly upstream: RelayEndpoint;
  readonly relay: Relay;
  /** More than what is on its way before `write` says `false`. */
  readonly pipeBytes: number;
  /** Resolves once `holds` is true. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Resolves when what was done has arrived everywhere, or could have. */
  readonly settled: () => Promise<void>;
  /** Lets `deadline` pass. */
  readonly pass: (deadline: Deadline) => Promise<void>;
}

export type Deadline = "closeMs" | "stallMs";

/**
 * One cell of the failure table. Both sides have exchanged a message before; what they see is a frame a line, then `end`,
 * or `reset` with the code where the leg has one. A `deaf` side's last line alone is compared.
 */
export interface FailureRow {
  readonly event: string;
  readonly at: string;
  /** Directions in which the sender has sent 4 bytes of 10 before. */
  readonly midFrame?: readonly ("toUpstream" | "toClient")[];
  /** `answers` where not given. */
  readonly client?: Manner;
  readonly upstream?: Manner;
  /** What only some legs have: GOAWAY, a connection that goes without a reset, chunks cut as they were written. */
  readonly needs?: "goaway" | "client-loss" | "upstream-loss" | "whole-chunks";
  readonly act: (bench: FailureBench) => void | Promise<void>;
  readonly clientSees: readonly string[];
  readonly upstreamSees: readonly string[];
  /** Initiator, code, cause. */
  readonly counted: string;
  /** What passes until the relay has ended. */
  readonly after?: readonly Deadline[];
}

const Both = ["toUpstream", "toClient"] as const;

export const closeRows: readonly FailureRow[] = [
  {
    event: "client Close",
    at: "boundary",
    act: ({ client }) => client.close(1000),
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
  },
  {
    event: "client Close without a code",
    at: "boundary",
    act: ({ client }) => client.close(),
    clientSees: ["close 1005", "end"],
    upstreamSees: ["close 1005", "end"],
    counted: "client 1005 close-frame",
  },
  {
    event: "client Close",
    at: "mid-frame to the client",
    midFrame: ["toClient"],
    act: ({ client }) => client.close(3000),
    clientSees: ["binary 10", "close 3000", "end"],
    upstreamSees: ["close 3000", "end"],
    counted: "client 3000 close-frame",
  },
  {
    event: "client Close, client ends behind it",
    at: "boundary",
    act: ({ client }) => {
      client.close(1001);
      client.end();
    },
    clientSees: ["close 1001", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "client 1001 close-frame",
  },
  {
    event: "client Close, client resets behind it",
    at: "boundary",
    act: async ({ client, upstream, until }) => {
      upstream.manner = "silent";
      client.close(1001);
      await until(() => upstream.log.length > 0);
      client.reset();
      upstream.manner = "answers";
      upstream.close(1001);
    },
    clientSees: [],
    upstreamSees: ["close 1001", "end"],
    counted: "client 1001 close-frame",
  },
  {
    event: "client Close, not answered",
    at: "boundary",
    upstream: "silent",
    act: ({ client }) => client.close(1000),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["close 1000", "end", "reset CANCEL"],
    counted: "client 1000 close-frame",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "client Close, answered by FIN alone",
    at: "boundary",
    upstream: "silent",
    act: async ({ client, upstream, until }) => {
      client.close(1000);
      await until(() => upstream.log.length > 0);
      upstream.manner = "answers";
      upstream.end();
    },
    clientSees: ["close 1014", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
  },
  {
    event: "client Close, answered by RST",
    at: "boundary",
    upstream: "silent",
    act: async ({ client, upstream, until }) => {
      client.close(1000);
      await until(() => upstream.log.length > 0);
      upstream.reset();
    },
    clientSees: ["close 1014", "end"],
    upstreamSees: ["close 1000"],
    counted: "client 1000 close-frame",
  },
  {
    event: "upstream Close",
    at: "boundary",
    act: ({ upstream }) => upstream.close(1008),
    clientSees: ["close 1008", "end"],
    upstreamSees: ["close 1008", "end"],
    counted: "upstream 1008 close-frame",
  },
  {
    event: "upstream Close",
    at: "mid-frame to the upstream",
    midFrame: ["toUpstream"],
    act: ({ upstream }) => upstream.close(1000),
    clientSees: ["close 1000", "end"],
    upstreamSees: ["binary 10", "close 1000", "end"],
    counted: "upstream 1000 close-frame",
  },
  {
    event: "upstream Close, FIN behind it",
    at: "boundary",
    act: ({ upstream }) => {
      upstream.close(1000);
      upstream.end();
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "upstream 1000 close-frame",
  },
  {
    event: "upstream Close, not answered",
    at: "boundary",
    client: "silent",
    act: ({ upstream }) => upstream.close(1000),
    clientSees: ["close 1000", "end", "reset CANCEL"],
    upstreamSees: ["reset CANCEL"],
    counted: "upstream 1000 close-frame",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "upstream Close, answered by an end alone",
    at: "boundary",
    client: "silent",
    act: async ({ client, upstream, until }) => {
      upstream.close(1000);
      await until(() => client.log.length > 0);
      client.manner = "answers";
      client.end();
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["end"],
    counted: "upstream 1000 close-frame",
  },
  {
    event: "upstream Close, answered by a reset",
    at: "boundary",
    client: "silent",
    act: async ({ client, upstream, until }) => {
      upstream.close(1000);
      await until(() => client.log.length > 0);
      client.reset();
    },
    clientSees: ["close 1000"],
    upstreamSees: ["reset CANCEL"],
    counted: "upstream 1000 close-frame",
  },
  {
    event: "upstream Close, answered, and no FIN behind it",
    at: "boundary",
    act: async ({ upstream }) => {
      upstream.manner = "silent";
      upstream.close(1000);
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end", "reset NO_ERROR"],
    counted: "upstream 1000 close-frame",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "client Close, answered, and no end of the client behind it",
    at: "boundary",
    client: "silent",
    act: ({ client }) => client.close(1000),
    clientSees: ["close 1000", "end", "reset NO_ERROR"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "client resets behind both Closes",
    at: "boundary",
    client: "silent",
    act: async ({ client, until }) => {
      client.close(1000);
      await until(() => client.log.includes("end"));
      client.reset();
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
  },
];

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

const Zeros126 = "00".repeat(126);

/** One way each to break the rules, and the close code it costs; what follows a length that cannot be read is not looked at. */
const offences = [
  { what: "no mask", client: hex("81 01 61"), upstream: hex("81 81 00000000 61"), code: 1002 },
  { what: "RSV1 not negotiated", client: hex("c1 80 00000000"), upstream: hex("c1 00"), code: 1002 },
  { what: "opcode 3", client: hex("83 80 00000000"), upstream: hex("83 00"), code: 1002 },
  {
    what: "a Ping of 126 bytes",
    client: hex(`89 fe 007e 00000000 ${Zeros126}`),
    upstream: hex(`89 7e 007e ${Zeros126}`),
    code: 1002,
  },
  { what: "a Ping in fragments", client: hex("09 80 00000000"), upstream: hex("09 00"), code: 1002 },
  { what: "a continuation of nothing", client: hex("80 80 00000000"), upstream: hex("80 00"), code: 1002 },
  { what: "a length not minimal", client: hex("82 fe 0001 00000000"), upstream: hex("82 7e 0001"), code: 1002 },
  { what: "Close 1005 on the wire", client: hex("88 82 00000000 03ed"), upstream: hex("88 02 03ed"), code: 1002 },
  { what: "a Close of one byte", client: hex("88 81 00000000 03"), upstream: hex("88 01 03"), code: 1002 },
  { what: "a reason not UTF-8", client: hex("88 83 00000000 03e8ff"), upstream: hex("88 03 03e8ff"), code: 1007 },
];
const [noMask] = offences;

export const ruleRows: readonly FailureRow[] = [
  ...offences.flatMap(({ what, client: byClient, upstream: byUpstream, code }): FailureRow[] => [
    {
      event: `rule broken by the client: ${what}`,
      at: "boundary",
      act: ({ client }) => client.peer.far.send(byClient),
      clientSees: [`close ${code}`, "end"],
      upstreamSees: ["close 1001", "end"],
      counted: `gateway ${code} rule-broken`,
    },
    {
      event: `rule broken by the upstream: ${what}`,
      at: "boundary",
      act: ({ upstream }) => upstream.peer.far.send(byUpstream),
      clientSees: ["close 1014", "end"],
      upstreamSees: [`close ${code}`, "end"],
      counted: `gateway ${code} rule-broken`,
    },
  ]),
  {
    event: "rule broken by the client, who does not answer",
    at: "boundary",
    client: "silent",
    act: ({ client }) => client.peer.far.send(noMask!.client),
    clientSees: ["close 1002", "end", "reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1002 rule-broken",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "rule broken by the client",
    at: "mid-frame to the client, which is finished",
    midFrame: ["toClient"],
    act: ({ client }) => client.peer.far.send(noMask!.client),
    clientSees: ["binary 10", "close 1002", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1002 rule-broken",
  },
  {
    event: "rule broken by the client",
    at: "mid-frame to the client, which is not finished",
    midFrame: ["toClient"],
    upstream: "silent",
    act: ({ client }) => client.peer.far.send(noMask!.client),
    clientSees: ["binary 4 of 10", "reset CANCEL"],
    upstreamSees: ["close 1001", "end", "reset CANCEL"],
    counted: "gateway 1002 rule-broken",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "rule broken by the upstream",
    at: "mid-frame to the upstream, which is finished",
    midFrame: ["toUpstream"],
    act: ({ upstream }) => upstream.peer.far.send(noMask!.upstream),
    clientSees: ["close 1014", "end"],
    upstreamSees: ["binary 10", "close 1002", "end"],
    counted: "gateway 1002 rule-broken",
  },
  {
    event: "rule broken by the client, with whole frames in front of it",
    at: "boundary",
    act: ({ client }) => client.peer.far.send(hex("81 82 00000000 6869   89 80 00000000   81 01 61")),
    clientSees: ["close 1002", "end"],
    upstreamSees: ["text hi", "ping 0", "close 1001", "end"],
    counted: "gateway 1002 rule-broken",
  },
  {
    event: "rule broken by the client in answer to a Close",
    at: "boundary",
    client: "silent",
    act: async ({ client, upstream, until }) => {
      upstream.close(1000);
      await until(() => client.log.length > 0);
      client.manner = "answers";
      client.peer.far.send(hex("88 81 00000000 03"));
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "upstream 1000 close-frame",
  },
];

export const gatewayRows: readonly FailureRow[] = [
  {
    event: "client takes nothing for writeStallMs",
    at: "boundary",
    client: "deaf",
    needs: "whole-chunks",
    act: ({ upstream, pipeBytes }) => upstream.say(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1013 stalled",
    after: ["stallMs", "closeMs"],
  },
  {
    event: "client takes nothing for writeStallMs, then reads again",
    at: "boundary",
    client: "deaf",
    needs: "whole-chunks",
    act: async ({ client, upstream, pipeBytes, pass }) => {
      upstream.say(binaryFrame(new Uint8Array(pipeBytes)));
      await pass("stallMs");
      client.manner = "answers";
      client.peer.far.readOn();
    },
    clientSees: ["binary 1000", "close 1013", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1013 stalled",
  },
  {
    event: "client takes nothing for writeStallMs",
    at: "mid-frame to the client",
    client: "deaf",
    act: ({ upstream, pipeBytes }) => upstream.begin(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1013 stalled",
    after: ["stallMs"],
  },
  {
    event: "upstream takes nothing for writeStallMs",
    at: "boundary",
    upstream: "deaf",
    act: ({ client, pipeBytes }) => client.say(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["close 1013", "end"],
    upstreamSees: ["reset CANCEL"],
    counted: "gateway 1013 stalled",
    after: ["stallMs"],
  },
  {
    event: "upstream takes nothing for writeStallMs",
    at: "mid-frame to the client",
    midFrame: ["toClient"],
    client: "silent",
    upstream: "deaf",
    act: ({ client, pipeBytes }) => client.say(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["binary 4 of 10", "reset CONNECT_ERROR"],
    upstreamSees: ["reset CANCEL"],
    counted: "gateway 1013 stalled",
    after: ["stallMs"],
  },
  {
    event: "gateway drain",
    at: "boundary",
    act: ({ relay }) => relay.close(1012),
    clientSees: ["close 1012", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1012 drain",
  },
  {
    event: "gateway drain",
    at: "mid-frame both ways, frames finished",
    midFrame: Both,
    act: ({ relay, client, upstream }) => {
      relay.close(1012);
      client.finish();
      upstream.finish();
    },
    clientSees: ["binary 10", "close 1012", "end"],
    upstreamSees: ["binary 10", "close 1001", "end"],
    counted: "gateway 1012 drain",
  },
  {
    event: "gateway drain",
    at: "mid-frame both ways, frames not finished",
    midFrame: Both,
    act: ({ relay }) => relay.close(1012),
    clientSees: ["binary 4 of 10", "reset CANCEL"],
    upstreamSees: ["binary 4 of 10", "reset CANCEL"],
    counted: "gateway 1006 close-deadline",
    after: ["closeMs"],
  },
  {
    event: "gateway drain, nobody answers",
    at: "boundary",
    client: "silent",
    upstream: "silent",
    act: ({ relay }) => relay.close(1012),
    clientSees: ["close 1012", "end", "reset CANCEL"],
    upstreamSees: ["close 1001", "end", "reset CANCEL"],
    counted: "gateway 1012 drain",
    after: ["closeMs", "closeMs"],
  },
  {
    event: "gateway drain, answered by a reset of the client",
    at: "boundary",
    client: "silent",
    upstream: "silent",
    act: async ({ relay, client, upstream, until }) => {
      relay.close(1012);
      await until(() => client.log.length > 0 && upstream.log.length > 0);
      client.reset();
      upstream.manner = "answers";
      upstream.close(1001);
    },
    clientSees: ["close 1012"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1012 drain",
  },
  {
    event: "gateway drain, Closes cross",
    at: "boundary",
    act: ({ relay, client, upstream }) => {
      client.close(1000);
      upstream.close(1000);
      relay.close(1012);
    },
    clientSees: ["close 1012", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1012 drain",
  },
  {
    event: "gateway drain behind a client Close",
    at: "boundary",
    upstream: "silent",
    act: async ({ relay, client, upstream, until }) => {
      client.close(1000);
      await until(() => upstream.log.length > 0);
      relay.close(1012);
      upstream.close(1000);
    },
    clientSees: ["close 1000", "end"],
    upstreamSees: ["close 1000", "end"],
    counted: "client 1000 close-frame",
  },
  {
    event: "gateway abort",
    at: "boundary",
    act: ({ relay }) => relay.abort(),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["reset CANCEL"],
    counted: "gateway 1006 drain",
  },
  {
    event: "gateway abort during a drain",
    at: "boundary",
    client: "silent",
    upstream: "silent",
    act: async ({ relay, client, upstream, until }) => {
      relay.close(1012);
      await until(() => client.log.length > 0 && upstream.log.length > 0);
      relay.abort();
    },
    clientSees: ["close 1012", "reset CANCEL"],
    upstreamSees: ["close 1001", "reset CANCEL"],
    counted: "gateway 1012 drain",
  },
];
