import { expect, onTestFinished, test } from "vitest";
import { dial, exhaustedLimitOf } from "../../src/transport/dialer.ts";
import { dialRequest } from "../support/dialing.ts";
import { scriptedUpstream } from "../support/scripted-upstream.ts";

function failure(code: string | undefined): Error {
  return Object.assign(new Error("a connection failed"), code === undefined ? {} : { code });
}

test.each([
  { what: "no descriptor in the process", error: failure("EMFILE"), limit: "descriptors" },
  { what: "no descriptor in the system", error: failure("ENFILE"), limit: "descriptors" },
  { what: "no memory for sockets", error: failure("ENOBUFS"), limit: "descriptors" },
  { what: "no port, or no such address", error: failure("EADDRNOTAVAIL"), limit: "ports" },
  { what: "no port to bind", error: failure("EADDRINUSE"), limit: "ports" },
  { what: "no port chosen by the system", error: failure("EAGAIN"), limit: "ports" },
  { what: "nobody there", error: failure("ECONNREFUSED"), limit: undefined },
  { what: "no code", error: failure(undefined), limit: undefined },
  {
    what: "a name of which each address failed so",
    error: new AggregateError([failure("EADDRNOTAVAIL"), failure("EADDRNOTAVAIL")]),
    limit: "ports",
  },
  {
    what: "a name of which one address is only not reached",
    error: new AggregateError([failure("EADDRNOTAVAIL"), failure("ECONNREFUSED")]),
    limit: undefined,
  },
])("$what: $limit", ({ error, limit }) => {
  expect(exhaustedLimitOf(error)).toBe(limit);
});

test("a source address that this machine has not is told as such, at once and without a socket left", async () => {
  const upstream = await scriptedUpstream(() => undefined);
  const aborting = new AbortController();
  onTestFinished(() => aborting.abort());
  // One of RFC 5737, which nobody has.
  const target = { address: upstream.address, secure: undefined, sourceAddress: "203.0.113.1" };
  const result = await dial(target, dialRequest, {
    connectTimeoutMs: 60_000,
    answerTimeoutMs: 60_000,
    signal: aborting.signal,
  });
  expect(result).toEqual({ type: "exhausted", limit: "ports", detail: "EADDRNOTAVAIL" });
  expect(upstream.requests).toEqual([]);
  await upstream.allClosed();
});
