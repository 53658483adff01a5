import { binaryFrame } from "../../../src/protocol/frame/frame.ts";
import type { FailureRow } from "./failure-row.ts";

const Both = ["toUpstream", "toClient"] as const;

/** What the gateway does by itself: stalled sides, drain, abort. */
export const gatewayRows: readonly FailureRow[] = [
  {
    event: "client takes nothing for writeStallMs",
    at: "boundary",
    client: "deaf",
    needs: "whole-chunks",
    act: ({ upstream, pipeBytes }) => upstream.say(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    limitsHit: ["write_stall", "close_deadline"],
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
    limitsHit: ["write_stall"],
    counted: "gateway 1013 stalled",
  },
  {
    event: "client takes nothing for writeStallMs",
    at: "mid-frame to the client",
    client: "deaf",
    act: ({ upstream, pipeBytes }) => upstream.begin(binaryFrame(new Uint8Array(pipeBytes))),
    clientSees: ["reset CANCEL"],
    upstreamSees: ["close 1001", "end"],
    limitsHit: ["write_stall"],
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
    limitsHit: ["write_stall"],
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
    limitsHit: ["write_stall"],
    counted: "gateway 1013 stalled",
    after: ["stallMs"],
  },
  {
    event: "gateway drain",
    at: "boundary",
    act: ({ relay }) => relay.close(1012, "drain"),
    clientSees: ["close 1012", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 1012 drain",
  },
  {
    event: "gateway drain",
    at: "mid-frame both ways, frames finished",
    midFrame: Both,
    act: ({ relay, client, upstream }) => {
      relay.close(1012, "drain");
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
    act: ({ relay }) => relay.close(1012, "drain"),
    clientSees: ["binary 4 of 10", "reset CANCEL"],
    upstreamSees: ["binary 4 of 10", "reset CANCEL"],
    counted: "gateway 1006 close-deadline",
    after: ["closeMs"],
  },
  {
    event: "closed by an operator",
    at: "boundary",
    act: ({ relay }) => relay.close(4321, "operator"),
    clientSees: ["close 4321", "end"],
    upstreamSees: ["close 1001", "end"],
    counted: "gateway 4321 operator",
  },
  {
    event: "closed by an operator",
    at: "mid-frame both ways, frames not finished",
    midFrame: Both,
    act: ({ relay }) => relay.close(4321, "operator"),
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
    act: ({ relay }) => relay.close(1012, "drain"),
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
      relay.close(1012, "drain");
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
      relay.close(1012, "drain");
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
      relay.close(1012, "drain");
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
      relay.close(1012, "drain");
      await until(() => client.log.length > 0 && upstream.log.length > 0);
      relay.abort();
    },
    clientSees: ["close 1012", "reset CANCEL"],
    upstreamSees: ["close 1001", "reset CANCEL"],
    counted: "gateway 1012 drain",
  },
];
