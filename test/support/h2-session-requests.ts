import type { RequestName } from "./h2-session-steps.ts";
import { connectFields } from "./raw-h2.ts";

type Fields = readonly (readonly [name: string, value: string])[];

const request = (method: string, path: string, ...more: Fields): Fields => [
  [":method", method],
  [":scheme", "http"],
  [":authority", "example.com"],
  [":path", path],
  ...more,
];

const without = (name: string): Fields => connectFields("/echo").filter(([found]) => found !== name);
const instead = (name: string, value: string): Fields =>
  connectFields("/echo").map(([found, old]) => [found, found === name ? value : old]);

const Requests: Readonly<Record<RequestName, Fields>> = {
  echo: [...connectFields("/echo"), ["sec-websocket-version", "13"], ["x-name", "a value that comes again"]],
  source: [...connectFields("/source"), ["cookie", "a=1"], ["cookie", "b=2"]],
  abort: connectFields("/abort"),
  refuse: connectFields("/refuse"),
  unanswered: [...connectFields("/unanswered"), ["sec-websocket-protocol", "a, b"]],
  get: request("GET", "/get?x=1", ["accept", "*/*"], ["x-name", "a value that comes again"]),
  head: request("HEAD", "/get"),
  post: request("POST", "/post", ["content-type", "text/plain"]),
  "post-copy": request("POST", "/post-copy", ["te", "trailers"]),
  large: request("GET", "/large"),
  "no-path": without(":path"),
  "no-scheme": without(":scheme"),
  "bad-authority": instead(":authority", "a,b"),
  "upper-case": [...connectFields("/echo"), ["X-Upper", "a"]],
  "connection-field": [...connectFields("/echo"), ["connection", "upgrade"]],
  "unknown-pseudo": [[":unknown", "a"], ...connectFields("/echo")],
  "late-pseudo": [["x-first", "a"], ...connectFields("/echo")],
  te: request("GET", "/get", ["te", "gzip"]),
  twice: [[":path", "/other"], ...connectFields("/echo")],
  "plain-connect": [
    [":method", "CONNECT"],
    [":authority", "example.com:80"],
  ],
  "other-protocol": instead(":protocol", "connect-udp"),
  "get-protocol": request("GET", "/get", [":protocol", "websocket"]),
  "other-host": [...connectFields("/echo"), ["host", "example.org"]],
};

/** The field lines that a client asks with. */
export function requestFields(name: RequestName): Fields {
  return Requests[name];
}
