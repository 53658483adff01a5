import { expect, test } from "vitest";
import { parse } from "yaml";
import { formatPath } from "../../../src/gateway/config/fault.ts";
import { readDocument } from "../../../src/gateway/config/schema-faults.ts";
import { rawConfig } from "../../support/raw-config.ts";

const Base = { listeners: [{ address: "127.0.0.1:8443" }], routes: [{ path: "/echo", handler: "echo" }] };

function faultsOf(text: string): string[] {
  const value: unknown = parse(text);
  const reading = readDocument(
    rawConfig(typeof value === "object" && value !== null && !Array.isArray(value) ? { ...Base, ...value } : value),
  );
  return reading.fits ? [] : reading.faults.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

test("a value that fits comes back with its defaults", () => {
  expect(readDocument(rawConfig(Base))).toMatchObject({ fits: true, document: { handlers: { maxFragments: 1024 } } });
});

test.each([
  { text: "", fault: ": expected a mapping, got nothing" },
  { text: "[1]", fault: ": expected a mapping, got a list" },
  { text: "listeners: { a: 1 }", fault: "listeners: expected a list, got a mapping" },
  { text: "listeners: []", fault: "listeners: expected at least one listener, got an empty list" },
  { text: "listeners: [null]", fault: "listeners[0]: expected a mapping, got nothing" },
  {
    text: "listeners: [{}]",
    fault:
      "listeners[0].address: missing; expected host:port with a port up to 65535, such as 127.0.0.1:8443 or [::]:8443",
  },
  {
    text: "listeners: [{ address: 8443 }]",
    fault:
      'listeners[0].address: expected host:port with a port up to 65535, such as 127.0.0.1:8443 or [::]:8443, got the number 8443; on every address it is "[::]:8443"',
  },
  {
    text: "listeners: [{ address: localhost }]",
    fault: `listeners[0].address: expected host:port with a port up to 65535, such as 127.0.0.1:8443 or [::]:8443, got "localhost"`,
  },
  {
    text: `listeners: [{ address: "a:1", protocols: [h3] }]`,
    fault: `listeners[0].protocols[0]: expected one of h2, http/1.1, got "h3"`,
  },
  {
    text: `listeners: [{ address: "a:1", protocols: [h2, h2] }]`,
    fault: "listeners[0].protocols: expected each protocol once, got a list",
  },
  {
    text: `listeners: [{ address: "a:1", tls: { selfSigned: x, names: ["*.a"] } }]`,
    fault: `listeners[0].tls.names[0]: expected a host name or an IP address, got "*.a"`,
  },
  {
    text: `listeners: [{ address: "a:1", tls: { selfSigned: "" } }]`,
    fault: `listeners[0].tls.selfSigned: expected the path of a file, got ""`,
  },
  {
    text: "routes: [{ path: ws, handler: echo }]",
    fault: `routes[0].path: expected a path that begins with "/", without query, dot segments and spaces, such as /ws, got "ws"`,
  },
  {
    text: "routes: [{ handler: ecoh }]",
    fault: `routes[0].handler: expected echo, or the path of a module that begins with ./, ../ or /, got "ecoh"`,
  },
  {
    text: "routes: [{ handler: echo, host: '*.example.com' }]",
    fault: `routes[0].host: expected a host name without port, such as chat.example.com (no wildcards), got "*.example.com"`,
  },
  {
    text: "routes: [{ handler: echo, host: 'example.com:1' }]",
    fault: `routes[0].host: expected a host name without port, such as chat.example.com (no wildcards), got "example.com:1"`,
  },
  {
    text: "routes: [{ upstream: a, hostField: a b }]",
    fault: `routes[0].hostField: expected keep, upstream or a host with an optional port, got "a b"`,
  },
  {
    text: "upstreams: { a: { addresses: [] } }",
    fault: "upstreams.a.addresses: expected at least one address, got an empty list",
  },
  {
    text: "upstreams: { a: { addresses: [ftp://a] } }",
    fault: `upstreams.a.addresses[0]: expected http://host:port, https://host:port, http+unix:///path, or the same with ws, wss, ws+unix, without a path behind it, got "ftp://a"`,
  },
  {
    text: "upstreams: { a: { addresses: [ws://a], command: [] } }",
    fault: "upstreams.a.command[0]: missing; expected a program",
  },
  {
    text: "upstreams: { a: { addresses: [ws://a], command: [node, 1] } }",
    fault: "upstreams.a.command[1]: expected an argument, got the number 1; put it in quotes",
  },
  {
    text: "upstreams: { a: { addresses: [wss://a], tls: { verify: no } } }",
    fault: `upstreams.a.tls.verify: expected true or false, got "no"`,
  },
  {
    text: "http2: { maxConcurrentStreams: 0 }",
    fault: "http2.maxConcurrentStreams: expected a whole number of streams from 1 to 65536, got the number 0",
  },
  {
    text: "http2: { maxConcurrentStreams: 1.5 }",
    fault: "http2.maxConcurrentStreams: expected a whole number of streams from 1 to 65536, got the number 1.5",
  },
  {
    text: "deadlines: { closeMs: 5s }",
    fault: `deadlines.closeMs: expected a whole number of milliseconds from 1 to 86400000, got "5s"; 5 s are 5000`,
  },
  {
    text: "deadlines: { closeMs: 99999999999 }",
    fault: "deadlines.closeMs: expected a whole number of milliseconds from 1 to 86400000, got the number 99999999999",
  },
  {
    text: "deadlines: { closeMs: .inf }",
    fault: "deadlines.closeMs: expected a whole number of milliseconds from 1 to 86400000, got the number Infinity",
  },
  {
    text: "limits: { maxStreamsPerAddress: 0 }",
    fault:
      "limits.maxStreamsPerAddress: expected a whole number of WebSockets from 1 to 16777216, or off, got the number 0",
  },
  {
    text: "limits: { maxStreams: off }",
    fault: `limits.maxStreams: expected a whole number of WebSockets from 1 to 16777216, got "off"`,
  },
  {
    text: "handlers: { idleMs: 5m }",
    fault: `handlers.idleMs: expected a whole number of milliseconds from 1 to 2147483647, or off, got "5m"; 5 m are 300000`,
  },
  {
    text: "relays: { maxAgeJitter: 1.5 }",
    fault: "relays.maxAgeJitter: expected a number from 0 to 1, got the number 1.5",
  },
  {
    text: "routes: [{ handler: echo, limits: { maxMesageBytes: 1 } }]",
    fault: "routes[0].limits.maxMesageBytes: unknown option; did you mean maxMessageBytes?",
  },
  {
    text: "access: { origins: [https://a, https://b/c] }",
    fault: `access.origins[1]: expected an origin, such as https://app.example.com or https://*.example.com, without a path, got "https://b/c"`,
  },
  {
    text: "access: { origins: all }",
    fault: `access.origins: expected a list of origins, same or any, got "all"; any lets every page in`,
  },
  {
    text: "access: { hosts: ['a.*'] }",
    fault: `access.hosts[0]: expected a host name without port, such as chat.example.com or *.example.com, got "a.*"`,
  },
  {
    text: "access: { clients: { alow: [] } }",
    fault: "access.clients.alow: unknown option; did you mean allow?",
  },
  {
    text: `listeners: [{ address: "a:1", tls: { certificates: [{ certificate: a }] } }]`,
    fault: "listeners[0].tls.certificates[0].key: missing; expected the path of a file",
  },
  {
    text: `listeners: [{ address: "a:1", tls: { certificate: a, key: b, clientCertificates: { required: maybe, ca: c } } }]`,
    fault: `listeners[0].tls.clientCertificates.required: expected true or false, got "maybe"`,
  },
  { text: "log: { format: xml }", fault: `log.format: expected one of auto, json, text, got "xml"` },
  { text: "deadlines:", fault: "deadlines: expected a mapping, got nothing" },
  {
    text: "trustedProxies: [10.0.0.0/33]",
    fault: `trustedProxies[0]: expected an IP address or a network such as 10.0.0.0/8, got "10.0.0.0/33"`,
  },
  {
    text: "workers: 0",
    fault: "workers: expected a whole number of processes from 1 to 1024, or auto, got the number 0",
  },
  {
    text: "workers: many",
    fault: `workers: expected a whole number of processes from 1 to 1024, or auto, got "many"`,
  },
  { text: "trustedProxies: 10.0.0.1", fault: `trustedProxies: expected a list, got "10.0.0.1"; write [10.0.0.1]` },
  { text: "admin: { address:1 }", fault: `admin["address:1"]: unknown option; a space is missing after the colon?` },
  { text: "listner: 1", fault: "listner: unknown option; did you mean listeners?" },
  {
    text: "tls: 1",
    fault:
      "tls: unknown option; known here: include, listeners, routes, upstreams, admin, access, limits, relays, handlers, http2, deadlines, reload, log, tracing, workers, trustedProxies",
  },
  { text: "deadlines: { drain: 1 }", fault: "deadlines.drain: unknown option; did you mean drainMs?" },
  {
    text: "routes: [{ handler: echo, prefix: / }]",
    fault:
      "routes[0].prefix: unknown option; known here: name, host, path, pathPrefix, upstream, handler, root, hostField, origins, clients, maxStreams, limits, tail",
  },
  {
    text: "upstreams: { a: { address: [ws://a], addresses: [ws://a] } }",
    fault: "upstreams.a.address: unknown option; did you mean addresses?",
  },
  {
    text: `listeners: [{ address: "a:1", tls: { cert: x } }]`,
    fault: "listeners[0].tls.cert: unknown option; did you mean certificate?",
  },
])("$text", ({ text, fault }) => {
  expect(faultsOf(text)).toEqual([fault]);
});

test("all faults come at once", () => {
  expect(faultsOf("foo: 1\nadmin: { address: 1, b: 2 }\nhttp2: 3")).toHaveLength(4);
});
