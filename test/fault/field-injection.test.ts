import { describe, expect, test } from "vitest";
import { HttpVersions, requestOnce, type HttpVersion } from "../support/gateway-requests.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { recordingUpstream, valuesOf } from "../support/recording-upstream.ts";

interface Injection {
  readonly name: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** All values the upstream sees of each. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
  /** Where HTTP/2 has no such field. */
  readonly only?: "1.1";
}

const Injections: readonly Injection[] = [
  { name: "a forged client", fields: [["x-forwarded-for", "6.6.6.6"]], seen: { "x-forwarded-for": ["127.0.0.1"] } },
  {
    name: "a forged client, twice",
    fields: [
      ["x-forwarded-for", "6.6.6.6"],
      ["x-forwarded-for", "7.7.7.7"],
    ],
    seen: { "x-forwarded-for": ["127.0.0.1"] },
  },
  {
    name: "a forged client with underscores",
    fields: [
      ["x_forwarded_for", "6.6.6.6"],
      ["x-forwarded_for", "6.6.6.6"],
      ["x_real_ip", "6.6.6.6"],
    ],
    seen: { x_forwarded_for: [], "x-forwarded_for": [], x_real_ip: [], "x-forwarded-for": ["127.0.0.1"] },
  },
  { name: "another forged client", fields: [["x-real-ip", "6.6.6.6"]], seen: { "x-real-ip": [] } },
  {
    name: "a forged Forwarded",
    fields: [["forwarded", "for=6.6.6.6;host=evil"]],
    seen: { forwarded: ["for=127.0.0.1;host=example.com;proto=http"] },
  },
  { name: "a second host", fields: [["x-forwarded-host", "evil"]], seen: { "x-forwarded-host": ["example.com"] } },
  { name: "a forged scheme", fields: [["x-forwarded-proto", "https"]], seen: { "x-forwarded-proto": ["http"] } },
  { name: "a forged port", fields: [["x-forwarded-port", "666"]], seen: { "x-forwarded-port": [] } },
  {
    name: "a forged certificate",
    fields: [
      ["client-cert", ":AAAA:"],
      ["client_cert", ":AAAA:"],
      ["client-cert-chain", ":AAAA:"],
    ],
    seen: { "client-cert": [], client_cert: [], "client-cert-chain": [] },
  },
  {
    name: "a forged stream",
    fields: [
      ["hawser-stream", "http=3"],
      ["hawser_stream", "http=3"],
    ],
    seen: { "hawser-stream": [expect.stringMatching(/^http=[12]/)], hawser_stream: [] },
  },
  { name: "a proxy for CGI programs", fields: [["proxy", "http://evil"]], seen: { proxy: [] } },
  { name: "TE", fields: [["te", "trailers"]], seen: { te: [] } },
  { name: "Expect", fields: [["expect", "100-continue"]], seen: { expect: [] } },
  {
    name: "Connection that names who the client is",
    fields: [["connection", "x-forwarded-for, forwarded, x-forwarded-host, hawser-stream, via, host"]],
    seen: {
      connection: ["keep-alive"],
      host: ["example.com"],
      via: ["1.1 hawser"],
      "x-forwarded-for": ["127.0.0.1"],
      "x-forwarded-host": ["example.com"],
      forwarded: ["for=127.0.0.1;host=example.com;proto=http"],
    },
    only: "1.1",
  },
  {
    name: "Connection that names the length",
    fields: [["connection", "close, content-length"]],
    seen: { connection: ["keep-alive"], "content-length": ["2"] },
    only: "1.1",
  },
  {
    name: "Connection that names a field",
    fields: [
      ["connection", "x-odd"],
      ["x-odd", "a"],
    ],
    seen: { "x-odd": [] },
    only: "1.1",
  },
  {
    name: "fields of a connection",
    fields: [
      ["keep-alive", "timeout=5"],
      ["proxy-connection", "close"],
    ],
    seen: { "keep-alive": [], "proxy-connection": [] },
    only: "1.1",
  },
];

async function start() {
  const upstream = await recordingUpstream();
  const { port } = await startGatewayUnderTest({
    routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
    upstreams: { app: { addresses: [upstream.address.url] } },
  });
  const ask = (httpVersion: HttpVersion, path: string, fields: Injection["fields"] = []) =>
    requestOnce(port, httpVersion, { method: "POST", path, fields: [...fields, ["content-length", "2"]] }, Hi);
  return { upstream, ask };
}

const Hi = Buffer.from("hi");

describe.each(HttpVersions)("over HTTP/%s, an upstream is not told", (httpVersion) => {
  const cases = Injections.filter(({ only = httpVersion }) => only === httpVersion);

  test.each(cases)("$name", async ({ fields, seen }) => {
    const { upstream, ask } = await start();
    expect(await ask(httpVersion, "/", fields)).toMatchObject({ status: 200, end: "whole" });
    expect(upstream.requests).toMatchObject([{ method: "POST", target: "/", content: "hi" }]);
    const values = Object.keys(seen).map((name) => [name, upstream.requests.flatMap((one) => valuesOf(one, name))]);
    expect(Object.fromEntries(values)).toEqual(seen);
    expect(await ask(httpVersion, "/next")).toMatchObject({ status: 200 });
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.malformed).toEqual([]);
  });

  test.each(["/a%0d%0aX-Evil:%20b", "/%0aGET%20/smuggled", "/a%00b", "/a;b=c", "/a?b=%0d%0a", "//a"])(
    "anything but %s where it is asked for that",
    async (path) => {
      const { upstream, ask } = await start();
      expect(await ask(httpVersion, path)).toMatchObject({ status: 200 });
      expect(upstream.requests).toMatchObject([{ target: path, content: "hi" }]);
      expect(upstream.malformed).toEqual([]);
    },
  );
});
