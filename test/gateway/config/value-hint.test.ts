import { expect, test } from "vitest";
import { valueHint } from "../../../src/gateway/config/value-hint.ts";

const Deadline = ["deadlines", "closeMs"];
const Addresses = ["upstreams", "chat", "addresses"];
const Command = ["upstreams", "chat", "command"];
const Upwards = "the client's path goes to the upstream as it is";

test.each([
  { got: 8443, path: ["listeners", 0, "address"], type: "string", hint: 'on every address it is "[::]:8443"' },
  { got: ":443", path: ["admin", "address"], type: undefined, hint: 'on every address it is "[::]:443"' },
  { got: "*:443", path: ["admin", "address"], type: undefined, hint: 'on every address it is "[::]:443"' },
  { got: "localhost", path: ["admin", "address"], type: undefined, hint: undefined },
  { got: 8443, path: ["routes", 0, "name"], type: "string", hint: "put it in quotes" },
  { got: [], path: ["listeners", 0, "address"], type: "string", hint: undefined },
  { got: "2000", path: Deadline, type: "number", hint: "without quotes" },
  { got: "250ms", path: Deadline, type: "number", hint: "250 ms are 250" },
  { got: "2s", path: Deadline, type: "number", hint: "2 s are 2000" },
  { got: "1.1 s", path: Deadline, type: "number", hint: "1.1 s are 1100" },
  { got: "5m", path: Deadline, type: "number", hint: "5 m are 300000" },
  { got: "2h", path: Deadline, type: "number", hint: "2 h are 7200000" },
  { got: "2 constructor", path: Deadline, type: "number", hint: undefined },
  { got: "soon", path: Deadline, type: "number", hint: undefined },
  { got: "64", path: ["http2", "streamWindowBytes"], type: "number", hint: "without quotes" },
  { got: "64k", path: ["http2", "streamWindowBytes"], type: "number", hint: "64 k are 65536" },
  { got: "1 MiB", path: ["http2", "streamWindowBytes"], type: "number", hint: "1 MiB are 1048576" },
  { got: "64s", path: ["http2", "streamWindowBytes"], type: "number", hint: undefined },
  { got: "64k", path: ["limits", "maxStreams"], type: "number", hint: undefined },
  { got: "*", path: ["access", "origins"], type: "array", hint: "any lets every page in" },
  { got: "any", path: ["access", "origins", 0], type: undefined, hint: "any stands alone, without a list" },
  { got: "https://a.test/", path: ["access", "origins", 0], type: undefined, hint: "write https://a.test" },
  { got: "a.test:8443", path: ["access", "origins", 0], type: undefined, hint: "write https://a.test:8443" },
  { got: "null", path: ["access", "origins", 0], type: undefined, hint: undefined },
  { got: "ftp:/a", path: ["access", "origins", 0], type: undefined, hint: undefined },
  { got: "address:127.0.0.1:9464", path: ["admin"], type: "object", hint: "a space is missing after the colon?" },
  { got: "127.0.0.1:9464", path: ["admin"], type: "object", hint: undefined },
  { got: "ws://a:1", path: Addresses, type: "array", hint: "write [ws://a:1]" },
  { got: "ws://a, ws+unix:///b", path: Addresses, type: "array", hint: "write [ws://a, ws+unix:///b]" },
  { got: "ws://[::1]:1", path: Addresses, type: "array", hint: undefined },
  { got: "node backend.js --port 1", path: Command, type: "tuple", hint: undefined },
  { got: "node 1", path: Command, type: "tuple", hint: undefined },
  { got: "node backend.js", path: Command, type: "tuple", hint: "write [node, backend.js]" },
  { got: "127.0.0.1:8443", path: ["listeners"], type: "array", hint: undefined },
  { got: "yes", path: ["upstreams", "chat", "tls", "verify"], type: "boolean", hint: undefined },
  { got: "ws://a/api", path: [...Addresses, 0], type: undefined, hint: Upwards },
  { got: "wss://a:1/api?x", path: [...Addresses, 0], type: undefined, hint: Upwards },
  { got: "ws://a b/api", path: [...Addresses, 0], type: undefined, hint: undefined },
  { got: "http://a/api", path: [...Addresses, 0], type: undefined, hint: Upwards },
  { got: "ftp://a/api", path: [...Addresses, 0], type: undefined, hint: undefined },
  { got: "ws://a/api", path: ["routes", 0, "path"], type: undefined, hint: undefined },
])("for $got at $path: $hint", ({ got, path, type, hint }) => {
  expect(valueHint(got, path, type)).toBe(hint === undefined ? "" : `; ${hint}`);
});
