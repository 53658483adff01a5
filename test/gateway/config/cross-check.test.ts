import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { crossCheck } from "../../../src/gateway/config/cross-check.ts";
import { formatPath } from "../../../src/gateway/config/fault.ts";
import { readDocument } from "../../../src/gateway/config/schema-faults.ts";
import { rawConfig } from "../../support/raw-config.ts";

const Listeners = `listeners: [{ address: "127.0.0.1:8443" }]`;
const Routes = `routes: [{ path: /echo, handler: echo }]`;

function faultsOf(...parts: string[]): string[] {
  const value: unknown = parse(parts.join("\n"));
  const raw = rawConfig(value);
  const reading = readDocument(raw);
  return crossCheck(raw, reading.fits ? [] : reading.faults).map(({ path, at, message, other }) => {
    const name = other?.name === undefined ? "" : ` (${other.name})`;
    const mention = other === undefined ? "" : ` ${formatPath(other.path)}${name}`;
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
    { tls: "{}", faults: ["tls (value): expected certificate and key, certificates, or selfSigned"] },
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
    { tls: "{ certificates: [{ certificate: a, key: b }] }", faults: [] },
    {
      tls: "{ certificates: [{ certificate: a, key: b }], key: c, clientCertificates: { ca: d } }",
      faults: [
        "tls.key (key): not together with certificates",
        "tls.clientCertificates (key): not together with certificates",
      ],
    },
    {
      tls: "{ certificates: [{ serverNames: [a.example, '*.b.example'] }, { serverNames: [b.example, A.example.] }] }",
      faults: [
        "tls.certificates[1].serverNames[1] (value): the same server name as listeners[0].tls.certificates[0].serverNames[0]",
      ],
    },
    {
      tls: "{ certificates: [{ serverNames: ['*.b.example', '*.B.example'] }, {}] }",
      faults: [
        "tls.certificates[0].serverNames[1] (value): the same server name as listeners[0].tls.certificates[0].serverNames[0]",
      ],
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
    const fault = "listeners[1].address (value): this port is already that of listeners[0].address";
    expect(faultsOf(listeners, Routes)).toEqual(isTaken ? [fault] : []);
  });

  test.each([
    { proxyProtocol: false, trusted: "[]", isFault: false },
    { proxyProtocol: true, trusted: "[10.0.0.0/8]", isFault: false },
    { proxyProtocol: true, trusted: "[]", isFault: true },
  ])("proxyProtocol $proxyProtocol with trustedProxies $trusted", ({ proxyProtocol, trusted, isFault }) => {
    const listeners = `listeners: [{ address: "127.0.0.1:8443", proxyProtocol: ${proxyProtocol} }]`;
    const fault = "listeners[0].proxyProtocol (key): needs trustedProxies: nobody's PROXY header would be believed";
    expect(faultsOf(listeners, Routes, `trustedProxies: ${trusted}`)).toEqual(isFault ? [fault] : []);
  });

  test("the admin port collides too", () => {
    expect(faultsOf(Listeners, Routes, `admin: { address: "127.0.0.1:8443" }`)).toEqual([
      "admin.address (value): this port is already that of listeners[0].address",
    ]);
  });

  test.each([
    { names: ["a", "b"], faults: [] },
    { names: ["a", "a"], faults: ["listeners[1].name (value): a is also the name of listeners[0]"] },
    {
      names: [undefined, undefined],
      faults: ["listeners[1].name (value): 127.0.0.1:0 is also the name of listeners[0]"],
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
    const fault = "listeners[1].tls.names (value): x.pem has other names in listeners[0].tls.names";
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
    { route: "{ handler: echo, limits: { idleMs: off }, maxStreams: 3, origins: any }", faults: [] },
    { route: "{ root: site, clients: { deny: [10.0.0.1] } }", faults: [] },
    {
      route: "{ root: site, limits: {}, maxStreams: 3, origins: any }",
      faults: ["origins", "maxStreams", "limits"].map(
        (key) => `.${key} (key): only for WebSockets; a route with root has none`,
      ),
    },
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
    const fault = "routes[1] (value): takes the same requests as routes[0]";
    expect(faultsOf(Listeners, routes).filter((told) => told.includes("same requests"))).toEqual(isSame ? [fault] : []);
  });

  test("the other route is called by its name", () => {
    const routes = "routes: [{ name: all, handler: echo }, { pathPrefix: /, handler: echo }]";
    expect(faultsOf(Listeners, routes)).toEqual(["routes[1] (value): takes the same requests as routes[0] (all)"]);
  });

  test("a name is there once", () => {
    const routes = "routes: [{ name: a, path: /a, handler: echo }, { name: a, path: /b, handler: echo }]";
    expect(faultsOf(Listeners, routes)).toEqual(["routes[1].name (value): a is also the name of routes[0]"]);
  });
});

describe("upstreams", () => {
  test.each([
    { upstream: "chat: { addresses: [http://a, https://b, http+unix:c.sock], tls: {} }", faults: [] },
    { upstream: "chat: { addresses: [ws://a, wss://b, ws+unix:c.sock] }", faults: [] },
    {
      upstream: "chat: { addresses: [http://a, ws://b, https://c, wss://d] }",
      faults: [1, 3].map(
        (i) => `upstreams.chat.addresses[${i}] (value): takes WebSockets alone, unlike upstreams.chat.addresses[0]`,
      ),
    },
    {
      upstream: "chat: { addresses: [nonsense, ws+unix:a.sock, http+unix:b.sock] }",
      faults: ["upstreams.chat.addresses[2] (value): takes ordinary requests too, unlike upstreams.chat.addresses[1]"],
    },
    { upstream: "chat: { addresses: [wss://chat], tls: {} }", faults: [] },
    { upstream: "chat: { addresses: [ws://chat, wss://chat], tls: {} }", faults: [] },
    {
      upstream: "chat: { addresses: [ws://chat, ws+unix:chat.sock], tls: {} }",
      faults: ["upstreams.chat.tls (key): only for https:// and wss:// addresses; there is none"],
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
