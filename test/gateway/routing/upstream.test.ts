import { describe, expect, test } from "vitest";
import type { AddressConfig, UpstreamConfig } from "../../../src/gateway/config/config.ts";
import { Upstream } from "../../../src/gateway/routing/upstream.ts";

function addressOf(host: string): AddressConfig {
  const isUnix = host.startsWith("/");
  return {
    url: `ws://${host}`,
    authority: host,
    transport: isUnix ? { type: "unix", path: host } : { type: "tcp", host, port: 80 },
    tls: undefined,
  };
}

function upstreamOf(hosts: readonly string[], config: Partial<UpstreamConfig> = {}): Upstream {
  return new Upstream({
    name: "chat",
    takesRequests: false,
    addresses: hosts.map(addressOf),
    sourceAddresses: [],
    protocol: "auto",
    maxStreamsPerConnection: 1,
    connectTimeoutMs: 1,
    answerTimeoutMs: 2,
    responseTimeoutMs: 3,
    maxConnections: 4,
    maxWaiting: 5,
    command: undefined,
    ...config,
  });
}

test.each([
  { hosts: ["a"], turns: ["a", "a", "a"] },
  { hosts: ["a", "b", "c"], turns: ["a b c", "b c a", "c a b", "a b c"] },
])("$hosts are used in turn, and each opening may try each of them once", ({ hosts, turns }) => {
  const upstream = upstreamOf(hosts);
  const orders = turns.map(() => upstream.inTurn().map(({ authority }) => authority));
  expect(orders.map((order) => order.join(" "))).toEqual(turns);
});

test("it knows its name and its deadlines", () => {
  expect(upstreamOf(["a"])).toMatchObject({ name: "chat", timeouts: { connectTimeoutMs: 1, answerTimeoutMs: 2 } });
});

describe("source addresses", () => {
  /** What the next openings dial first, and what is left to them, as `address<source …`. */
  function dialsOf(upstream: Upstream, count: number): string[] {
    return Array.from({ length: count }, () => {
      const [address] = upstream.inTurn();
      const targets = address === undefined ? [] : upstream.targetsInTurn(address);
      return `${String(address?.authority)}<${targets.map((target) => String(target.sourceAddress)).join(" ")}`;
    });
  }

  test("are used in turn for each address, so that each pair has as many openings as any other", () => {
    const upstream = upstreamOf(["a", "b"], { sourceAddresses: ["10.0.0.1", "10.0.0.2"] });
    expect(dialsOf(upstream, 5)).toEqual([
      "a<10.0.0.1 10.0.0.2",
      "b<10.0.0.1 10.0.0.2",
      "a<10.0.0.2 10.0.0.1",
      "b<10.0.0.2 10.0.0.1",
      "a<10.0.0.1 10.0.0.2",
    ]);
  });

  test.each([
    { what: "without any the system chooses", host: "a", sources: [], dials: "undefined" },
    { what: "a unix socket has none", host: "/run/chat", sources: ["10.0.0.1"], dials: "undefined" },
    { what: "a name may have either family", host: "a", sources: ["10.0.0.1", "fd00::1"], dials: "10.0.0.1 fd00::1" },
    {
      what: "an IPv4 address is dialed from IPv4",
      host: "10.9.9.9",
      sources: ["fd00::1", "10.0.0.1"],
      dials: "10.0.0.1",
    },
    {
      what: "an IPv6 address is dialed from IPv6",
      host: "fd00::9",
      sources: ["fd00::1", "10.0.0.1"],
      dials: "fd00::1",
    },
    { what: "where none fits the system chooses", host: "fd00::9", sources: ["10.0.0.1"], dials: "undefined" },
  ])("$what", ({ host, sources, dials }) => {
    expect(dialsOf(upstreamOf([host], { sourceAddresses: sources }), 1)).toEqual([`${host}<${dials}`]);
  });
});

test("TLS is made ready once for an address, not for each dial", () => {
  const secure = { ...addressOf("a"), tls: { serverName: undefined, ca: undefined, verify: true } };
  const upstream = upstreamOf([], { addresses: [secure], sourceAddresses: ["10.0.0.1", "10.0.0.2"] });
  const targets = [...upstream.targetsInTurn(secure), ...upstream.targetsInTurn(secure)];
  expect(targets).toHaveLength(4);
  expect(new Set(targets.map((target) => target.secure)).size).toBe(1);
  expect(targets[0]?.secure).toBeDefined();
});
