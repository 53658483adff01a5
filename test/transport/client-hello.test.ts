import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tryReadClientHello } from "../../src/transport/client-hello.ts";
import { clientHello, extension, handshakeRecords, serverNameExtension, vector } from "../support/client-hello.ts";

const Other = extension(43, Buffer.from([2, 3, 4]));
const Named = clientHello([Other, serverNameExtension("a.example.com"), Other]);
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

test.each([
  { what: "a server name", message: Named, serverName: "a.example.com" },
  { what: "a name alone", message: clientHello([serverNameExtension("b.example")]), serverName: "b.example" },
  { what: "no server name", message: clientHello([Other]), serverName: undefined },
  { what: "no extensions", message: clientHello(undefined), serverName: undefined },
  { what: "an empty list of names", message: clientHello([extension(0, vector(2))]), serverName: undefined },
  { what: "an empty extension", message: clientHello([extension(0)]), serverName: undefined },
  { what: "an empty name", message: clientHello([serverNameExtension("")]), serverName: undefined },
  { what: "a name with NUL", message: clientHello([serverNameExtension("a\0.b")]), serverName: undefined },
  { what: "a name with a space", message: clientHello([serverNameExtension("a b")]), serverName: undefined },
  { what: "a name beyond ASCII", message: clientHello([serverNameExtension("\xe4.b")]), serverName: undefined },
  {
    what: "a name of another kind",
    message: clientHello([extension(0, vector(2, bytes("01"), vector(2, Buffer.from("a"))))]),
    serverName: undefined,
  },
  {
    what: "a name longer than its list",
    message: clientHello([extension(0, vector(2, bytes("00 00ff 61")))]),
    serverName: undefined,
  },
  {
    what: "a name beyond the largest key shares of today",
    message: clientHello([extension(51, Buffer.alloc(4_000)), serverNameExtension("c.example")]),
    serverName: "c.example",
  },
])("reads $what", ({ message, serverName }) => {
  for (const size of [16_384, 100, 5, 4, 3, 1]) {
    expect(tryReadClientHello(handshakeRecords(message, size))).toEqual({ serverName });
  }
});

test("wants more until the last byte, wherever it is cut", () => {
  for (const size of [16_384, 7, 1]) {
    const whole = handshakeRecords(Named, size);
    for (let end = 0; end < whole.length; end++) {
      expect(tryReadClientHello(whole.subarray(0, end))).toBeUndefined();
    }
    expect(tryReadClientHello(Buffer.concat([whole, bytes("17 0303 0001 00")]))).toEqual({
      serverName: "a.example.com",
    });
  }
});

describe("knows at once that there is no name in", () => {
  test.each([
    { what: "HTTP", sent: Buffer.from("GET / HTTP/1.1\r\n") },
    { what: "an alert", sent: bytes("15 0301 0002 0100") },
    { what: "SSL 2", sent: bytes("80 2e 01 0002") },
    { what: "a record of another version", sent: bytes("16 0201 0001 01") },
    { what: "an empty record", sent: bytes("16 0301 0000") },
    { what: "a record beyond any length", sent: bytes("16 0301 ffff") },
    { what: "a ServerHello", sent: bytes("16 0301 0004 02 000001") },
    { what: "a message of more than 16 KiB", sent: bytes("16 0301 0004 01 004000") },
    { what: "an alert between the parts of a ClientHello", sent: bytes("16 0301 0001 01  15 0301 0002 0100") },
  ])("$what", ({ sent }) => {
    expect(tryReadClientHello(sent)).toEqual({ serverName: undefined });
  });

  test("more than 32 KiB of small records", () => {
    const many = handshakeRecords(clientHello([extension(51, Buffer.alloc(15_000))]), 1);
    expect(tryReadClientHello(many.subarray(0, 32_767))).toBeUndefined();
    expect(tryReadClientHello(many.subarray(0, 32_768))).toEqual({ serverName: undefined });
  });
});

test("whatever comes, it never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: Named.length - 1 }), (noise, at) => {
      tryReadClientHello(noise);
      const spoilt = Buffer.from(Named);
      spoilt.set(noise.subarray(0, Math.min(noise.length, Named.length - at)), at);
      tryReadClientHello(handshakeRecords(spoilt));
    }),
  );
});
