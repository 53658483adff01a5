import { expect, test } from "vitest";
import { parse } from "yaml";
import { formatPath } from "../../../src/gateway/config/fault.ts";
import { readDocument } from "../../../src/gateway/config/schema-faults.ts";

const Base = { listeners: [{ address: "127.0.0.1:8443" }], routes: [{ path: "/echo", handler: "echo" }] };

function faultsOf(text: string): string[] {
  const value: unknown = parse(text);
  const reading = readDocument(
    typeof value === "object" && value !== null && !Array.isArray(value) ? { ...Base, ...value } : value,
  );
  return reading.fits ? [] : reading.faults.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

test("a value that fits comes back with its defaults", () => {
  expect(readDocument(Base)).toMatchObject({ fits: true, document: { handlers: { maxFragments: 1024 } } });
});

test.each([
  { text: "", fault: ": expected a mapping, got nothing" },
  { text: "[1]", fault: ": expected a mapping, got a list" },
  { text: "listeners: { a: 1 }", fault: "listeners: expected a list, got a mapping" },
  { text: "listeners: []", fault: "listeners: expected at least one listener, got an empty list" },
  { text: "listeners: [null]", fault: "listeners[0]: expected a mapping, got nothing" },
  {
    text: "listeners: [{}]",
    fault: "listeners[0].address: missing; expected host:port, such as 127.0.0.1:8443 or [::]:8443",
  },
  {
    text: "listeners: [{ address: 8443 }]",
    fault:
      "listeners[0].address: expected host:port, such as 127.0.0.1:8443 or [::]:8443, got the number 8443; put it in quotes",
  },
  {
    text: "listeners: [{ address: localhost }]",
    fault: `listeners[0].address: expected host:port, such as 127.0.0.1:8443 or [::]:8443, got "localhost"`,
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
    text: "upstreams: { a: { addresses: [http://a] } }",
    fault: `upstreams.a.addresses[0]: expected ws://host:port, wss://host:port or ws+unix:///path, without a path behind it, got "http://a"`,
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
  { text: "deadlines:", fault: "deadlines: expected a mapping, got nothing" },
  {
    text: "trustedProxies: [10.0.0.0/33]",
    fault: `trustedProxies[0]: expected an IP address or a network such as 10.0.0.0/8, got "10.0.0.0/33"`,
  },
  { text: "trustedProxies: 10.0.0.1", fault: `trustedProxies: expected a list, got "10.0.0.1"; write [10.0.0.1]` },
  { text: "admin: { address:1 }", fault: `admin["address:1"]: unknown option; a space is missing after the colon?` },
  { text: "listner: 1", fault: "listner: unknown option; did you mean listeners?" },
  {
    text: "tls: 1",
    fault:
      "tls: unknown option; known here: listeners, routes, upstreams, admin, http2, deadlines, handlers, trustedProxies",
  },
  { text: "deadlines: { drain: 1 }", fault: "deadlines.drain: unknown option; did you mean drainMs?" },
  {
    text: "routes: [{ handler: echo, prefix: / }]",
    fault:
      "routes[0].prefix: unknown option; known here: name, host, path, pathPrefix, upstream, handler, root, hostField",
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
