import type { FailureRow } from "./failure-row.ts";

/** Closes of the two sides, and how each is answered. */
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
