import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { crossCheck } from "../../../src/gateway/config/cross-check.ts";
import { formatPath } from "../../../src/gateway/config/fault.ts";
import { readDocument } from "../../../src/gateway/config/schema-faults.ts";

const Listeners = `listeners: [{ address: "127.0.0.1:8443" }]`;
const Routes = `routes: [{ path: /echo, handler: echo }]`;

function faultsOf(...parts: string[]): string[] {
  const value: unknown = parse(parts.join("\n"));
  const reading = readDocument(value);
  return crossCheck(value, reading.fits ? [] : reading.faults).map(({ path, at, message, other }) => {
    const mention = other === undefined ? "" : ` ${formatPath(other.path)}, named ${other.name}`;
    return `${formatPath(path)} (${at}): ${message}${mention}`;
  });
}

test("nothing is wrong where nothing is", () => {
  expect(faultsOf(Listeners, Routes)).toEqual([]);
});

test.each([
  "",
  "null",
  "3",
  "[]",
  "listeners: 3",
  "listeners: {}\nroutes: x\nupstreams: [1]\nadmin: 4",
  "routes: [null, 3, []]",
])("what the schema refuses anyway is passed over: %s", (text) => {
  expect(faultsOf(text)).toEqual([]);
});

describe("listeners", () => {
  test.each([
    { tls: "{ certificate: a, key: b }", faults: [] },
    { tls: "{ selfSigned: a }", faults: [] },
    { tls: "{ selfSigned: a, names: [b] }", faults: [] },
    { tls: "{}", faults: ["tls (value): expected certificate and key, or selfSigned"] },
    { tls: "{ certificate: a }", faults: ["tls.key (key): missing; certificate needs it"] },
    { tls: "{ key: a }", faults: ["tls.certificate (key): missing; key needs it"] },
    {
      tls: "{ certificate: a, selfSigned: b }",
      faults: ["tls.selfSigned (key): not together with certificate and key"],
    },
    {
      tls: "{ certificate: a, key: b, names: [c] }",
      faults: ["tls.names (key): only for a selfSigned certificate"],
    },
  ])("tls: $tls", ({ tls, faults }) => {
    const listeners = `listeners: [{ address: "127.0.0.1:8443", tls: ${tls} }]`;
    expect(faultsOf(listeners, Routes)).toEqual(faults.map((fault) => `listeners[0].${fault}`));
  });

  test.each([
    { one: "127.0.0.1:1", other: "127.0.0.1:2", isTaken: false },
    { one: "127.0.0.1:0", other: "127.0.0.1:0", isTaken: false },
    { one: "127.0.0.1:1", other: "127.0.0.2:1", isTaken: false },
    { one: "127.0.0.1:1", other: "127.0.0.1:1", isTaken: true },
    { one: "0.0.0.0:1", other: "127.0.0.1:1", isTaken: true },
    { one: "127.0.0.1:1", other: "[::]:1", isTaken: true },
  ])("$one and $other collide: $isTaken", ({ one, other, isTaken }) => {
    const listeners = `listeners: [{ name: a, address: "${one}" }, { name: b, address: "${other}" }]`;
    const fault = "listeners[1].address (value): listeners[0].address has this port already";
    expect(faultsOf(listeners, Routes)).toEqual(isTaken ? [fault] : []);
  });

  test("the admin port collides too", () => {
    expect(faultsOf(Listeners, Routes, `admin: { address: "127.0.0.1:8443" }`)).toEqual([
      "admin.address (value): listeners[0].address has this port already",
    ]);
  });

  test.each([
    { names: ["a", "b"], faults: [] },
    { names: ["a", "a"], faults: ["listeners[1].name (value): a is the name of listeners[0] too"] },
    {
      names: [undefined, undefined],
      faults: ["listeners[1].name (value): 127.0.0.1:0 is the name of listeners[0] too"],
    },
  ])("the names $names", ({ names, faults }) => {
    const listeners = names.map((name) => ({ name, address: "127.0.0.1:0" }));
    expect(faultsOf(JSON.stringify({ listeners }))).toEqual(faults);
  });

  test.each([
    { one: "", other: "", isFault: false },
    { one: ", names: [a, b]", other: ", names: [b, a]", isFault: false },
    { one: ", names: [a]", other: ", names: [b]", isFault: true },
    { one: ", names: [a]", other: "", isFault: true },
  ])("a shared self-signed certificate has one set of names: $one and $other", ({ one, other, isFault }) => {
    const listeners = `listeners:
      - { address: "127.0.0.1:1", tls: { selfSigned: x.pem ${one} } }
      - { address: "127.0.0.1:2", tls: { selfSigned: x.pem ${other} } }`;
    const fault = "listeners[1].tls.names (value): another listener has other names for x.pem";
    expect(faultsOf(listeners, Routes)).toEqual(isFault ? [fault] : []);
  });
});

describe("routes", () => {
  const Upstreams = "upstreams: { chat: { addresses: [ws://chat] } }";
  test.each([
    { route: "{ upstream: chat }", faults: [] },
    { route: "{ path: /ws, upstream: chat, hostField: keep }", faults: [] },
    { route: "{ path: /ws }", faults: [" (value): expected one of upstream, handler, root"] },
    { route: "{ upstream: chat, root: site }", faults: [".root (key): not together with upstream"] },
    {
      route: "{ upstream: chat, handler: echo, root: site }",
      faults: [".handler (key): not together with upstream", ".root (key): not together with upstream"],
    },
    {
      route: "{ path: /a, pathPrefix: /b, upstream: chat }",
      faults: [".pathPrefix (key): not together with path"],
    },
    { route: "{ handler: echo, hostField: keep }", faults: [".hostField (key): only for a route to an upstream"] },
    { route: "{ upstream: caht }", faults: [".upstream (value): there is no upstream caht; did you mean chat?"] },
    { route: "{ upstream: video }", faults: [".upstream (value): there is no upstream video; there are: chat"] },
    {
      route: "{ upstream: constructor }",
      faults: [".upstream (value): there is no upstream constructor; there are: chat"],
    },
  ])("$route", ({ route, faults }) => {
    expect(faultsOf(Listeners, `routes: [${route}]`, Upstreams)).toEqual(faults.map((fault) => `routes[0]${fault}`));
  });

  test("an upstream is missed where there is none at all", () => {
    expect(faultsOf(Listeners, "routes: [{ upstream: chat }]")).toEqual([
      "routes[0].upstream (value): there is no upstream chat; none is listed",
    ]);
  });

  test.each([
    { one: "path: /ws", other: "path: /ws/", isSame: false },
    { one: "path: /ws", other: "pathPrefix: /ws", isSame: false },
    { one: "path: /ws", other: "path: /ws, host: example.com", isSame: false },
    { one: "path: /ws", other: "path: /%77s", isSame: true },
    { one: "pathPrefix: /ws", other: "pathPrefix: /ws/", isSame: true },
    { one: "host: example.com", other: "host: example.com, pathPrefix: /", isSame: true },
    { one: "path: /ws, host: Example.com", other: "path: /ws, host: example.com.", isSame: true },
    { one: "path: ws", other: "path: ws", isSame: false },
    { one: "pathPrefix: /", other: "pathPrefx: /chat", isSame: false },
    { one: "path: /ws", other: "path: /ws, hostField: keep", isSame: false },
  ])("$one and $other take the same requests: $isSame", ({ one, other, isSame }) => {
    const routes = `routes: [{ ${one}, handler: echo }, { ${other}, handler: echo }]`;
    const fault = "routes[1] (value): takes the same requests as routes[0], named undefined";
    expect(faultsOf(Listeners, routes).filter((told) => told.includes("same requests"))).toEqual(isSame ? [fault] : []);
  });

  test("the other route is called by its name", () => {
    const routes = "routes: [{ name: all, handler: echo }, { pathPrefix: /, handler: echo }]";
    expect(faultsOf(Listeners, routes)).toEqual(["routes[1] (value): takes the same requests as routes[0], named all"]);
  });

  test("a name is there once", () => {
    const routes = "routes: [{ name: a, path: /a, handler: echo }, { name: a, path: /b, handler: echo }]";
    expect(faultsOf(Listeners, routes)).toEqual(["routes[1].name (value): a is the name of routes[0] too"]);
  });
});

describe("upstreams", () => {
  test.each([
    { upstream: "chat: { addresses: [wss://chat], tls: {} }", faults: [] },
    { upstream: "chat: { addresses: [ws://chat, wss://chat], tls: {} }", faults: [] },
    {
      upstream: "chat: { addresses: [ws://chat, ws+unix:chat.sock], tls: {} }",
      faults: ["upstreams.chat.tls (key): only for wss:// addresses; there is none"],
    },
    {
      upstream: `"a b": { addresses: [ws://chat] }`,
      faults: [expect.stringMatching(/^upstreams\["a b"\] \(key\): expected a name of at most 63 letters/)],
    },
    {
      upstream: `"__proto__": { addresses: [ws://chat] }`,
      faults: [expect.stringMatching(/^upstreams.__proto__ \(key\): expected a name /)],
    },
  ])("$upstream", ({ upstream, faults }) => {
    expect(faultsOf(Listeners, Routes, `upstreams: { ${upstream} }`)).toEqual(faults);
  });
});
