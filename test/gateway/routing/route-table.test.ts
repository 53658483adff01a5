import { describe, expect, test } from "vitest";
import type { RouteConfig, StreamLimits } from "../../../src/gateway/config/config.ts";
import { RouteTable } from "../../../src/gateway/routing/route-table.ts";

const NoLimits: StreamLimits = {
  maxMessageBytes: undefined,
  maxFrameBytes: undefined,
  maxFragments: undefined,
  maxBufferedBytes: 65_536,
  idleMs: undefined,
  maxAgeMs: undefined,
  maxAgeJitter: 0,
};

/** A route written as `host path`; a path that ends in `/*` is a prefix. */
function route(written: string): RouteConfig {
  const [host = "", path = ""] = written.split(" ");
  return {
    name: written,
    host: host === "any" ? undefined : host.replaceAll(/[[\]]/g, ""),
    match: path.endsWith("/*") ? "prefix" : "exact",
    path: path.replace(/\/\*$/, ""),
    target: { type: "handler", handler: "echo", compress: false },
    origins: { type: "same" },
    clients: { allow: [], deny: [] },
    maxStreams: undefined,
    streams: NoLimits,
  };
}

const table = new RouteTable(
  [
    "any /*",
    "any /ws",
    "any /ws/*",
    "any /ws/admin/*",
    "chat.example.com /ws",
    "chat.example.com /rooms/*",
    "[::1] /six",
  ].map(route),
);

function nameOf(authority: string, path: string): string | number {
  const match = table.match(authority, path);
  return match.matched ? match.route.name : match.status;
}

describe("the path", () => {
  test.each([
    { path: "/ws", name: "any /ws" },
    { path: "/ws?room=1", name: "any /ws" },
    { path: "/ws?a=/../b", name: "any /ws" },
    { path: "/ws/", name: "any /ws/*" },
    { path: "/ws/1", name: "any /ws/*" },
    { path: "/wsx", name: "any /*" },
    { path: "/WS", name: "any /*" },
    { path: "/ws/admin", name: "any /ws/admin/*" },
    { path: "/ws/admin/x", name: "any /ws/admin/*" },
    { path: "/ws/administrator", name: "any /ws/*" },
    { path: "/", name: "any /*" },
    { path: "/%77s", name: "any /ws" },
    { path: "/ws%3froom", name: "any /*" },
  ])("$path takes $name", ({ path, name }) => {
    expect(nameOf("example.com", path)).toBe(name);
  });

  test.each([
    { path: "/ws/%61dmin", name: "any /ws/admin/*" },
    { path: "/ws%2fadmin/x", name: "any /ws/admin/*" },
    { path: "/ws//admin/x", name: "any /ws/admin/*" },
    { path: String.raw`/ws\admin\x`, name: "any /ws/admin/*" },
    { path: "/ws/x/../admin", name: 404 },
    { path: "/ws/x/%2e%2e/admin", name: 404 },
    { path: "/ws/./admin", name: 404 },
    { path: "/ws/x/..%2fadmin", name: 404 },
    { path: "/ws/x/..;/admin", name: 404 },
    { path: "/..", name: 404 },
  ])("$path does not get around the longer prefix", ({ path, name }) => {
    expect(nameOf("example.com", path)).toBe(name);
  });
});

describe("the host", () => {
  test.each([
    { authority: "chat.example.com", path: "/ws", name: "chat.example.com /ws" },
    { authority: "Chat.Example.COM", path: "/ws", name: "chat.example.com /ws" },
    { authority: "chat.example.com.", path: "/ws", name: "chat.example.com /ws" },
    { authority: "chat.example.com:8443", path: "/ws", name: "chat.example.com /ws" },
    { authority: "chat.example.com", path: "/ws/1", name: "any /ws/*" },
    { authority: "chat.example.com", path: "/rooms", name: "chat.example.com /rooms/*" },
    { authority: "other.example.com", path: "/rooms", name: "any /*" },
    { authority: "x.chat.example.com", path: "/ws", name: "any /ws" },
    { authority: "[::1]:8443", path: "/six", name: "[::1] /six" },
    { authority: "", path: "/ws", name: "any /ws" },
    { authority: "not a host", path: "/ws", name: "any /ws" },
  ])("$authority with $path takes $name", ({ authority, path, name }) => {
    expect(nameOf(authority, path)).toBe(name);
  });
});

test("a host's own prefix is preferred to the exact path of every host", () => {
  const table = new RouteTable([route("any /ws"), route("a.example /*")]);
  expect(table.match("a.example", "/ws")).toMatchObject({ matched: true, route: { name: "a.example /*" } });
});

test("without a route for it, a request is 404", () => {
  const table = new RouteTable([route("a.example /ws")]);
  expect(table.match("b.example", "/ws")).toEqual({ matched: false, status: 404 });
  expect(table.match("a.example", "/")).toEqual({ matched: false, status: 404 });
  expect(new RouteTable([]).match("a.example", "/ws")).toEqual({ matched: false, status: 404 });
});

test("routes are listed in the order in which they take requests", () => {
  expect(table.routes.map(({ name }) => name)).toEqual([
    "chat.example.com /ws",
    "chat.example.com /rooms/*",
    "[::1] /six",
    "any /ws",
    "any /ws/admin/*",
    "any /ws/*",
    "any /*",
  ]);
});
