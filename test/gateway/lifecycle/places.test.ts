import { expect, test } from "vitest";
import type { ListenerConfig } from "../../../src/gateway/config/config.ts";
import { Places, type OpenPlace } from "../../../src/gateway/lifecycle/places.ts";

function listener(name: string, port: number, host = "::"): ListenerConfig {
  return { name, host, port, certificates: undefined, protocols: ["h2"], proxyProtocol: false };
}

function opened(...listeners: ListenerConfig[]): ReadonlyMap<string, OpenPlace<string>> {
  const address = { address: "::", family: "IPv6", port: 1 };
  return new Map(listeners.map((one) => [one.name, { port: `port of ${one.name}`, place: one, address }]));
}

test.each<{ change: string; listener: ListenerConfig; stays: string | undefined }>([
  { change: "nothing", listener: listener("a", 1), stays: "port of a" },
  { change: "the name", listener: listener("new", 1), stays: "port of a" },
  { change: "the port", listener: listener("a", 3), stays: undefined },
  { change: "the host", listener: listener("a", 1, "127.0.0.1"), stays: undefined },
  { change: "nothing of one on any port", listener: listener("any", 0), stays: "port of any" },
  { change: "the name of one on any port", listener: listener("new", 0), stays: undefined },
])("a port where $change has changed", ({ listener: after, stays }) => {
  const places = new Places<string>();
  const before = [listener("a", 1), listener("b", 2), listener("any", 0)];
  places.replace(before, opened(...before));
  expect(places.tryStaying(after)?.port).toBe(stays);
});

test("what has no place any more is returned, what stays keeps its port under the new name", () => {
  const places = new Places<string>();
  const before = [listener("a", 1), listener("b", 2)];
  expect(places.replace(before, opened(...before))).toEqual([]);
  const after = [listener("c", 3), listener("renamed", 1)];
  expect(places.after(after, opened(after[0]!)).map(([name]) => name)).toEqual(["c", "renamed"]);
  expect(places.replace(after, opened(after[0]!)).map(({ port }) => port)).toEqual(["port of b"]);
  expect(places.named.map(([name, { port }]) => [name, port])).toEqual([
    ["c", "port of c"],
    ["renamed", "port of a"],
  ]);
  expect(places.get("b")).toBeUndefined();
});
