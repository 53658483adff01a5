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
  { hosts: ["a"], turns: "a a a a a a a" },
  { hosts: ["a", "b", "c"], turns: "a b c a b c a" },
])("$hosts are used in turn", ({ hosts, turns }) => {
  const upstream = upstreamOf(...hosts);
  expect(Array.from({ length: 7 }, () => upstream.next().authority).join(" ")).toBe(turns);
  expect(upstream.size).toBe(hosts.length);
});

test("it knows its name and its deadlines", () => {
  expect(upstreamOf("a")).toMatchObject({ name: "chat", timeouts: { connectTimeoutMs: 1, answerTimeoutMs: 2 } });
});
