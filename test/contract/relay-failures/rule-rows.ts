import { hex } from "../../support/bits.ts";
import type { FailureRow } from "./failure-row.ts";

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

/** What either side may not send. */
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
