import { describe, expect, test } from "vitest";
import { encodeUpgradeRequest } from "../../../src/protocol/handshake/upgrade.ts";
import { addressList } from "../../../src/gateway/routing/address-list.ts";
import { upstreamFields, type ForwardedRequest } from "../../../src/gateway/routing/forwarded-fields.ts";
import type { ClientCertificate } from "../../../src/transport/opening.ts";
import { connectionFacts } from "../../support/connection-facts.ts";

interface Client {
  readonly fields?: readonly string[];
  readonly address?: string;
  readonly authority?: string;
  readonly secure?: boolean;
  readonly httpVersion?: "1.1" | "2";
  readonly trusted?: readonly string[];
  readonly clientCertificate?: ClientCertificate;
}

/** The lines the upstream gets, each as `name: value`. */
function linesOf({ fields = [], address = "192.0.2.7", authority = "chat.example.com", ...client }: Client): string[] {
  const { secure = true, httpVersion = "2", trusted = ["10.0.0.0/8"], clientCertificate } = client;
  const request: ForwardedRequest = { httpVersion, scheme: secure ? "https" : "http", authority, fields };
  const tls = secure ? { serverName: undefined, clientCertificate, reaches: () => true } : undefined;
  const connection = connectionFacts({ id: 7, httpVersion, secure, remoteAddress: address, tls });
  const lines = upstreamFields(request, connection, 13, addressList(trusted));
  return Array.from({ length: lines.length / 2 }, (_, i) => `${lines[2 * i]}: ${lines[2 * i + 1]}`);
}

test("the upstream is told who asks", () => {
  expect(linesOf({ fields: ["origin", "https://chat.example.com", "cookie", "a=1"] })).toEqual([
    "origin: https://chat.example.com",
    "cookie: a=1",
    "x-forwarded-for: 192.0.2.7",
    "x-forwarded-proto: https",
    "x-forwarded-host: chat.example.com",
    "forwarded: for=192.0.2.7;host=chat.example.com;proto=https",
    "hawser-stream: http=2; connection=7; stream=13",
  ]);
});

test.each([
  {
    what: "IPv6",
    client: { address: "2001:db8::1" },
    lines: ["x-forwarded-for: 2001:db8::1", `forwarded: for="[2001:db8::1]";host=chat.example.com;proto=https`],
  },
  {
    what: "IPv6 with the name of an interface",
    client: { address: "fe80::1%eth0" },
    lines: ["x-forwarded-for: fe80::1", `forwarded: for="[fe80::1]";host=chat.example.com;proto=https`],
  },
  {
    what: "IPv4 over an IPv6 socket",
    client: { address: "::ffff:192.0.2.7" },
    lines: ["x-forwarded-for: 192.0.2.7", "forwarded: for=192.0.2.7;host=chat.example.com;proto=https"],
  },
  {
    what: "a port in the host",
    client: { authority: "chat.example.com:8443" },
    lines: [
      "x-forwarded-host: chat.example.com:8443",
      `forwarded: for=192.0.2.7;host="chat.example.com:8443";proto=https`,
    ],
  },
  {
    what: "an IPv6 host",
    client: { authority: "[::1]:8443" },
    lines: ["x-forwarded-host: [::1]:8443", `forwarded: for=192.0.2.7;host="[::1]:8443";proto=https`],
  },
  {
    what: "cleartext",
    client: { secure: false },
    lines: ["x-forwarded-proto: http", "forwarded: for=192.0.2.7;host=chat.example.com;proto=http"],
  },
  {
    what: "HTTP/1.1",
    client: { httpVersion: "1.1" as const },
    lines: ["hawser-stream: http=1.1; connection=7; stream=13"],
  },
])("$what is written as it must be", ({ client, lines }) => {
  expect(linesOf(client)).toEqual(expect.arrayContaining(lines));
});

test("without an address of the client there is none to tell", () => {
  const lines = linesOf({ address: "" });
  expect(lines).toContain("forwarded: for=unknown;host=chat.example.com;proto=https");
  expect(lines.some((line) => line.startsWith("x-forwarded-for"))).toBe(false);
});

const Claims = [
  ["x-forwarded-for", "203.0.113.9"],
  ["x-forwarded-proto", "http"],
  ["x-forwarded-host", "evil.example"],
  ["x-forwarded-port", "1"],
  ["x-forwarded-anything", "x"],
  ["x-real-ip", "203.0.113.9"],
  ["forwarded", "for=203.0.113.9"],
  ["x_forwarded_for", "203.0.113.9"],
  ["x-forwarded_for", "203.0.113.9"],
  ["x_real_ip", "203.0.113.9"],
  ["hawser-stream", "http=9"],
] as const;

test.each(Claims)("what a client says in %s is dropped", (name, value) => {
  expect(linesOf({ fields: [name, value] })).toEqual(linesOf({}));
});

test("a client cannot have our fields dropped by calling them hop-by-hop", () => {
  const fields = ["connection", "x-forwarded-for, forwarded, hawser-stream, x-forwarded-proto, x-mine", "x-mine", "1"];
  const lines = linesOf({ fields });
  expect(lines).toEqual(linesOf({}));
  const sent = encodeUpgradeRequest({
    authority: "backend",
    path: "/",
    key: "x",
    subprotocols: [],
    extensions: "",
    fields: lines.flatMap((line) => line.split(/: (.*)/s, 2)),
  });
  expect(sent).toContain("x-forwarded-for: 192.0.2.7\r\n");
});

test("fields of the client's own connection and handshake stay behind", () => {
  const fields = ["host", "chat.example.com", "upgrade", "websocket", "sec-websocket-key", "x", "te", "trailers"];
  expect(linesOf({ fields })).toEqual(linesOf({}));
});

test("what an ordinary request says of its content goes on", () => {
  const fields = ["content-type", "text/plain", "content-length", "3", "transfer-encoding", "chunked"];
  expect(linesOf({ fields }).slice(0, 2)).toEqual(["content-type: text/plain", "content-length: 3"]);
});

describe("a client certificate", () => {
  // The bytes of RFC 8941 §3.3.5.
  const raw = Buffer.from("pretend this is binary content.");
  const own = "client-cert: :cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:";
  const clientCertificate: ClientCertificate = { subject: "CN=one", fingerprint: "00", raw };
  const claims = ["client-cert", "client-cert-chain", "client_cert", "client-cert_chain", "client_cert_chain"];

  test("is told once shown", () => {
    expect(linesOf({ clientCertificate })).toEqual(linesOf({}).toSpliced(-1, 0, own));
  });

  test.each(claims)("is never what a client or a proxy says in %s", (name) => {
    const fields = [name, ":AAAA:"];
    for (const client of [{}, { address: "10.1.2.3" }, { secure: false }, { clientCertificate }]) {
      expect(linesOf({ ...client, fields })).toEqual(linesOf(client));
    }
  });

  test("is not hidden by a client that calls it hop-by-hop", () => {
    expect(linesOf({ clientCertificate, fields: ["connection", "client-cert"] })).toContain(own);
  });
});

describe("a trusted proxy", () => {
  const proxy = { address: "10.1.2.3" };
  const own = "for=10.1.2.3;host=chat.example.com;proto=https";

  test("is believed, and our part comes behind its", () => {
    const fields = [
      ...["x-forwarded-for", "203.0.113.9, 198.51.100.1", "x-forwarded-for", "198.51.100.2"],
      ...[
        "x-forwarded-proto",
        "http",
        "x-forwarded-host",
        "www.example",
        "x-forwarded-port",
        "80",
        "x-real-ip",
        "203.0.113.9",
      ],
      ...["forwarded", "for=203.0.113.9", "forwarded", `for="[2001:db8::1]:4711"`, "hawser-stream", "http=9"],
    ];
    expect(linesOf({ ...proxy, fields })).toEqual([
      "x-forwarded-port: 80",
      "x-real-ip: 203.0.113.9",
      "x-forwarded-for: 203.0.113.9, 198.51.100.1, 198.51.100.2, 10.1.2.3",
      "x-forwarded-proto: http",
      "x-forwarded-host: www.example",
      `forwarded: for=203.0.113.9, for="[2001:db8::1]:4711", ${own}`,
      "hawser-stream: http=2; connection=7; stream=13",
    ]);
  });

  test("that has nothing to say is the client", () => {
    expect(linesOf(proxy)).toContain("x-forwarded-for: 10.1.2.3");
  });

  test("that knows only X-Forwarded-For is put into the newer words", () => {
    const chain = `203.0.113.9, 2001:db8::1, 198.51.100.1:4711, [2001:db8::1]:4711, "evil";for=x, unknown`;
    const forwarded = [
      "for=203.0.113.9",
      `for="[2001:db8::1]"`,
      `for="198.51.100.1:4711"`,
      `for="[2001:db8::1]:4711"`,
      "for=unknown",
      "for=unknown",
      own,
    ].join(", ");
    expect(linesOf({ ...proxy, fields: ["x-forwarded-for", chain] })).toContain(`forwarded: ${forwarded}`);
  });

  test.each([
    { trusted: ["10.0.0.0/8"], address: "10.255.0.1", isTrusted: true },
    { trusted: ["10.0.0.0/8"], address: "::ffff:10.0.0.1", isTrusted: true },
    { trusted: ["10.0.0.0/8"], address: "11.0.0.1", isTrusted: false },
    { trusted: ["192.0.2.1"], address: "192.0.2.1", isTrusted: true },
    { trusted: ["192.0.2.1"], address: "192.0.2.2", isTrusted: false },
    { trusted: ["2001:db8::/32"], address: "2001:db8:1::1", isTrusted: true },
    { trusted: ["2001:db8::/32"], address: "2001:db9::1", isTrusted: false },
    { trusted: ["fe80::1"], address: "fe80::1%eth0", isTrusted: true },
    { trusted: ["0.0.0.0/0", "::/0"], address: "", isTrusted: false },
    { trusted: [], address: "127.0.0.1", isTrusted: false },
  ])("among $trusted is $address: $isTrusted", ({ trusted, address, isTrusted }) => {
    const lines = linesOf({ trusted, address, fields: ["x-real-ip", "203.0.113.9"] });
    expect(lines.includes("x-real-ip: 203.0.113.9")).toBe(isTrusted);
  });
});
