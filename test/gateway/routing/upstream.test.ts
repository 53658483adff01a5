import { expect, test } from "vitest";
import { Upstream } from "../../../src/gateway/routing/upstream.ts";

function upstreamOf(...hosts: string[]): Upstream {
  const addresses = hosts.map((host) => {
    return {
      url: `ws://${host}`,
      authority: host,
      transport: { type: "tcp" as const, host, port: 80 },
      tls: undefined,
    };
  });
  return new Upstream({ name: "chat", addresses, connectTimeoutMs: 1, answerTimeoutMs: 2, command: undefined });
}

test.each([
  { hosts: ["a"], turns: ["a", "a", "a"] },
  { hosts: ["a", "b", "c"], turns: ["a b c", "b c a", "c a b", "a b c"] },
])("$hosts are used in turn, and each opening may try each of them once", ({ hosts, turns }) => {
  const upstream = upstreamOf(...hosts);
  const orders = turns.map(() => upstream.inTurn().map(({ authority }) => authority));
  expect(orders.map((order) => order.join(" "))).toEqual(turns);
});

test("it knows its name and its deadlines", () => {
  expect(upstreamOf("a")).toMatchObject({ name: "chat", timeouts: { connectTimeoutMs: 1, answerTimeoutMs: 2 } });
});
