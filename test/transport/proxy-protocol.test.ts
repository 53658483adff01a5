import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readProxyHeader, type ProxiedClient, type ProxyHeaderReading } from "../../src/transport/proxy-protocol.ts";
import { hex } from "../support/bits.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const Signature = bytes("\r\n\r\n\0\r\nQUIT\n");

/** A version 2 header: command, family, then as many bytes as `declared` says of `block`. */
function binary(command: number, family: number, block: Uint8Array, declared = block.length): Buffer {
  const fixed = Buffer.from([command, family, declared >> 8, declared & 0xff]);
  return Buffer.concat([Signature, fixed, block]);
}

/** Address block of IPv4: 192.0.2.7:51000 to 198.51.100.1:443. */
const Block4 = hex("c0000207 c6336401 c738 01bb");
/** Of IPv6: 2001:db8::7 port 51000 to ::1 port 443. */
const Block6 = hex("20010db8000000000000000000000007 00000000000000000000000000000001 c738 01bb");
/** TLVs: a host name and a checksum. */
const Tlvs = hex("02 0003 616263 03 0004 deadbeef");
const Unix = Buffer.alloc(216, "/");

const LongestTcp6 =
  "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
const LongestUnknown = `PROXY UNKNOWN ${"f".repeat(107 - 16)}\r\n`;

interface GoodHeader {
  readonly what: string;
  readonly header: Buffer;
  readonly client: ProxiedClient | undefined;
}

function lines(table: readonly (readonly [line: string, client: ProxiedClient | undefined])[]): GoodHeader[] {
  return table.map(([line, client]) => ({ what: line, header: bytes(line), client }));
}

const headers: GoodHeader[] = [
  ...lines([
    ["PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n", { address: "192.0.2.7", port: 51_000 }],
    ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", { address: "255.255.255.255", port: 65_535 }],
    ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", { address: "0.0.0.0", port: 0 }],
    ["PROXY TCP6 2001:db8::7 ::1 51000 443\r\n", { address: "2001:db8::7", port: 51_000 }],
    ["PROXY TCP6 2001:0DB8:0:0:0:0:0:7 ::1 51000 443\r\n", { address: "2001:db8::7", port: 51_000 }],
    ["PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", { address: "::ffff:192.0.2.7", port: 1 }],
    [LongestTcp6, { address: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", port: 65_535 }],
    ["PROXY UNKNOWN\r\n", undefined],
    ["PROXY UNKNOWN ffff::1 what ever 65536 -\r\n", undefined],
    [LongestUnknown, undefined],
  ]),
  { what: "v2 TCP4", header: binary(0x21, 0x11, Block4), client: { address: "192.0.2.7", port: 51_000 } },
  { what: "v2 TCP6", header: binary(0x21, 0x21, Block6), client: { address: "2001:db8::7", port: 51_000 } },
  {
    what: "v2 TCP4 with TLVs",
    header: binary(0x21, 0x11, Buffer.concat([Block4, Tlvs])),
    client: { address: "192.0.2.7", port: 51_000 },
  },
  {
    what: "v2 of the greatest length",
    header: binary(0x21, 0x21, Buffer.concat([Block6, Buffer.alloc(1_996)])),
    client: { address: "2001:db8::7", port: 51_000 },
  },
  { what: "v2 unspecified", header: binary(0x21, 0x00, Buffer.alloc(0)), client: undefined },
  { what: "v2 unspecified with bytes to skip", header: binary(0x21, 0x00, Tlvs), client: undefined },
  { what: "v2 unix socket", header: binary(0x21, 0x31, Unix), client: undefined },
  { what: "v2 LOCAL", header: binary(0x20, 0x00, Buffer.alloc(0)), client: undefined },
  { what: "v2 LOCAL with an address that does not count", header: binary(0x20, 0x11, Block4), client: undefined },
  { what: "v2 LOCAL with a family nobody knows", header: binary(0x20, 0xff, Tlvs), client: undefined },
];

/** What each prefix of `input` is read as, from one byte on. */
function eachPrefix(input: Buffer): ProxyHeaderReading[] {
  return Array.from(input, (_, at) => readProxyHeader(input.subarray(0, at + 1)));
}

describe("a header", () => {
  test.each(headers)("$what", ({ header, client }) => {
    const expected = { type: "header", length: header.length, client };
    expect(readProxyHeader(header)).toEqual(expected);
    expect(readProxyHeader(Buffer.concat([header, bytes("\x16\x03\x01GET / HTTP/1.1\r\n")]))).toEqual(expected);
    expect(
      new Set(
        eachPrefix(header)
          .slice(0, -1)
          .map(({ type }) => type),
      ),
    ).toEqual(new Set(["incomplete"]));
  });

  test("may still come as long as nothing is there", () => {
    expect(readProxyHeader(Buffer.alloc(0))).toEqual({ type: "incomplete" });
  });
});

describe("what is none", () => {
  test.each([
    { what: "TLS", input: bytes("\x16\x03\x01\x02\0") },
    { what: "HTTP", input: bytes("POST / HTTP/1.1\r\n") },
    { what: "the preface of HTTP/2", input: bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
    { what: "lower case", input: bytes("proxy TCP4 192.0.2.7 198.51.100.1 51000 443\r\n") },
    { what: "two spaces", input: bytes("PROXY  TCP4 192.0.2.7 198.51.100.1 51000 443\r\n") },
    { what: "two spaces between addresses", input: bytes("PROXY TCP4 192.0.2.7  198.51.100.1 51000 443\r\n") },
    { what: "a space at the end", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 51000 443 \r\n") },
    { what: "a tab", input: bytes("PROXY TCP4\t192.0.2.7 198.51.100.1 51000 443\r\n") },
    { what: "a bare LF", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\n") },
    { what: "a bare LF behind UNKNOWN", input: bytes("PROXY UNKNOWN\n") },
    { what: "a CR within", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\r\n") },
    { what: "UNKNOWN and more without a space", input: bytes("PROXY UNKNOWNS\r\n") },
    { what: "a control byte behind UNKNOWN", input: bytes("PROXY UNKNOWN \0\r\n") },
    { what: "another family", input: bytes("PROXY UDP4 192.0.2.7 198.51.100.1 51000 443\r\n") },
    { what: "no ports", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1\r\n") },
    { what: "a port too many", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 51000 443 443\r\n") },
    { what: "a port beyond 65535", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n") },
    { what: "a leading zero in a port", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 51000 0443\r\n") },
    { what: "a sign", input: bytes("PROXY TCP4 192.0.2.7 198.51.100.1 +5100 443\r\n") },
    { what: "a leading zero in an address", input: bytes("PROXY TCP4 192.0.2.07 198.51.100.1 51000 443\r\n") },
    { what: "three parts of an address", input: bytes("PROXY TCP4 192.0.2 198.51.100.1 51000 443\r\n") },
    { what: "IPv6 as TCP4", input: bytes("PROXY TCP4 ::1 198.51.100.1 51000 443\r\n") },
    { what: "IPv4 as TCP6", input: bytes("PROXY TCP6 192.0.2.7 ::1 51000 443\r\n") },
    { what: "a zone", input: bytes("PROXY TCP6 fe80::1%eth0 ::1 51000 443\r\n") },
    { what: "a host name", input: bytes("PROXY TCP4 localhost 198.51.100.1 51000 443\r\n") },
    { what: "a line of 108 bytes", input: bytes(`PROXY UNKNOWN ${"f".repeat(108 - 16)}\r\n`) },
    { what: "a line without end", input: bytes(`PROXY UNKNOWN ${"f".repeat(2_000)}`) },
    { what: "v2 with another signature", input: bytes("\r\n\r\n\0\r\nQUIT\r") },
    { what: "version 1 in binary", input: binary(0x11, 0x11, Block4) },
    { what: "version 3", input: binary(0x31, 0x11, Block4) },
    { what: "an unknown command", input: binary(0x22, 0x11, Block4) },
    { what: "an unknown family", input: binary(0x21, 0x41, Block4) },
    { what: "an unknown protocol", input: binary(0x21, 0x13, Block4) },
    { what: "a family without a protocol", input: binary(0x21, 0x10, Block4) },
    { what: "datagrams of IPv4", input: binary(0x21, 0x12, Block4) },
    { what: "datagrams of IPv6", input: binary(0x21, 0x22, Block6) },
    { what: "datagrams of a unix socket", input: binary(0x21, 0x32, Unix) },
    { what: "too few bytes for IPv4", input: binary(0x21, 0x11, Block4.subarray(1)) },
    { what: "too few bytes for IPv6", input: binary(0x21, 0x21, Block6.subarray(1)) },
    { what: "too few bytes for a unix socket", input: binary(0x21, 0x31, Unix.subarray(1)) },
    { what: "a length beyond the bound", input: binary(0x21, 0x11, Block4, 2_033) },
    { what: "the greatest length of all", input: binary(0x20, 0x00, Block4, 65_535) },
  ])("$what", ({ input }) => {
    const readings = eachPrefix(input).map(({ type }) => type);
    expect(readings.at(-1)).toBe("broken");
    const first = readings.indexOf("broken");
    expect(new Set(readings.slice(0, first))).toEqual(first === 0 ? new Set() : new Set(["incomplete"]));
    expect(new Set(readings.slice(first))).toEqual(new Set(["broken"]));
  });
});

test("no bytes make it throw or change its mind, and none is kept waiting beyond the bound", () => {
  const near = fc.constantFrom(...headers.map(({ header }) => header));
  const changed = fc.tuple(near, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([header, at, change]) => {
    const other = Buffer.concat([header, Buffer.alloc(2_048)]);
    other[at % header.length]! ^= change;
    return other;
  });
  fc.assert(
    fc.property(changed, fc.nat(2_048), (input, cut) => {
      const whole = readProxyHeader(input);
      expect(whole.type).not.toBe("incomplete");
      const part = readProxyHeader(input.subarray(0, cut));
      expect(part).toEqual(part.type === "incomplete" ? part : whole);
    }),
  );
});
