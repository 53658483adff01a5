import { once } from "node:events";
import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import type { HandshakeFailure, HandshakeResult } from "../../src/transport/tls-attempt.ts";
import { TlsTerminator } from "../../src/transport/tls.ts";
import { clientHello, extension, handshakeRecords, serverNameExtension, vector } from "../support/client-hello.ts";
import { openRelay, openTlsDoor, seen, serverCertificate } from "../support/tls-door.ts";

const Versions = ["TLSv1.2", "TLSv1.3"] as const;
const Default = await serverCertificate(["example.com"]);
const Wild = await serverCertificate(["*.example.com"]);
const Exact = await serverCertificate(["exact.example.com", "also.example.org"]);
/** That of a TLS 1.2 client with P-256 and ECDSA, which the server answers. */
const Hello = handshakeRecords(
  clientHello([
    extension(10, vector(2, Buffer.from("0017", "hex"))),
    extension(13, vector(2, Buffer.from("0403", "hex"))),
    serverNameExtension("exact.example.com"),
  ]),
);
const Three = [Default, Wild, Exact];

describe.each(Versions)("%s", (version) => {
  const only: ConnectionOptions = { minVersion: version, maxVersion: version };

  test.each([
    { servername: "example.com", certificate: "example.com" },
    { servername: "exact.example.com", certificate: "exact.example.com" },
    { servername: "also.example.org", certificate: "exact.example.com" },
    { servername: "EXACT.Example.COM", certificate: "exact.example.com" },
    { servername: "other.example.com", certificate: "*.example.com" },
    { servername: "one.more.example.com", certificate: "example.com" },
    { servername: "stranger.example", certificate: "example.com" },
    { servername: "", certificate: "example.com" },
  ])("asked for '$servername' presents the certificate of $certificate", async ({ servername, certificate }) => {
    const door = await openTlsDoor(Three);
    for (const alpn of ["h2", "http/1.1"]) {
      const handshaken = await door.shake({ ...only, servername, ALPNProtocols: [alpn] });
      expect(seen(handshaken)).toEqual({ certificate, serverName: servername.toLowerCase() || undefined });
      expect(handshaken.result).toMatchObject({ type: "secure", socket: { alpnProtocol: alpn } });
    }
  });
});

test("a client cannot negotiate anew", async () => {
  const { client } = await (await openTlsDoor([Default])).shake({ maxVersion: "TLSv1.2" });
  const error = await new Promise((resolve) => {
    client.renegotiate({}, resolve);
    client.once("error", resolve);
  });
  expect(error).toMatchObject({ code: "ERR_SSL_NO_RENEGOTIATION" });
});

test.each([
  { servername: "example.com", reached: ["example.com", "one.more.example.com", "stranger.example", "127.0.0.1", ""] },
  { servername: "", reached: ["example.com", "one.more.example.com", "stranger.example", "127.0.0.1", ""] },
  { servername: "a.example.com", reached: ["a.example.com", "B.example.com", "b.example.com."] },
  { servername: "also.example.org", reached: ["exact.example.com", "also.example.org"] },
])("a connection for '$servername' reaches $reached and no other", async ({ servername, reached }) => {
  const { result } = await (await openTlsDoor(Three)).shake({ servername });
  const hosts = new Set(["example.com", "one.more.example.com", "stranger.example", "127.0.0.1", ""]);
  for (const host of ["a.example.com", "B.example.com", "b.example.com.", "exact.example.com", "also.example.org"]) {
    hosts.add(host);
  }
  expect([...hosts].filter((host) => result.type === "secure" && result.facts.reaches(host))).toEqual(reached);
});

test("a single certificate reaches everything", async () => {
  const { result } = await (await openTlsDoor([Default])).shake({ servername: "stranger.example" });
  expect(["example.com", "any.example"].map((host) => result.type === "secure" && result.facts.reaches(host))).toEqual([
    true,
    true,
  ]);
});

describe("a handshake fails", () => {
  test.each<{ what: string; options: ConnectionOptions; reason: HandshakeFailure; error: string }>([
    {
      what: "no protocol of ours",
      options: { ALPNProtocols: ["spdy/3"] },
      reason: "alpn",
      error: "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
    },
    {
      what: "TLS 1.1",
      options: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
      reason: "tls",
      error: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    },
    {
      what: "no cipher of ours",
      options: { maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
      reason: "tls",
      error: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    },
  ])("with an alert for $what", async ({ options, reason, error }) => {
    const door = await openTlsDoor(Three);
    const handshaken = await door.shake({ servername: "exact.example.com", ...options });
    expect(handshaken.result).toEqual({ type: "failed", reason });
    await vi.waitFor(() => expect(handshaken.error()).toBe(error));
    expect(seen(await door.shake({ servername: "exact.example.com" }))).toMatchObject({
      certificate: "exact.example.com",
    });
  });

  test.each<{ what: string; act: (socket: Socket) => unknown; reason: HandshakeFailure }>([
    { what: "speaks HTTP", act: (socket) => socket.write("GET / HTTP/1.1\r\n\r\n"), reason: "tls" },
    { what: "sends zeros", act: (socket) => socket.write(Buffer.alloc(100)), reason: "tls" },
    { what: "announces too much", act: (socket) => socket.write(Buffer.from("160301ffff", "hex")), reason: "tls" },
    { what: "leaves", act: (socket) => socket.destroy(), reason: "client-left" },
    { what: "resets", act: (socket) => socket.resetAndDestroy(), reason: "client-left" },
    { what: "ends its half", act: (socket) => socket.end(), reason: "client-left" },
    { what: "ends its half within the ClientHello", act: (socket) => socket.end("\x16"), reason: "client-left" },
  ])("for a client that $what", async ({ act, reason }) => {
    const door = await openTlsDoor(Three);
    const socket = await door.connectTcp();
    act(socket);
    expect(await door.next()).toEqual({ type: "failed", reason });
  });

  test.each([
    { what: "says nothing", bytes: Buffer.alloc(0) },
    { what: "stops within its ClientHello", bytes: Hello.subarray(0, 50) },
    { what: "stops behind it", bytes: Hello },
  ])("when a client $what for too long", async ({ bytes }) => {
    const door = await openTlsDoor(Three, { handshakeMs: 50 });
    const socket = await door.connectTcp();
    const read: Buffer[] = [];
    const closed = once(
      socket.on("data", (chunk: Buffer) => read.push(chunk)),
      "close",
    );
    socket.write(bytes);
    expect(await door.next()).toEqual({ type: "failed", reason: "deadline" });
    await closed;
    // A ServerHello is in a handshake record.
    expect(read[0]?.[0]).toBe(bytes === Hello ? 22 : undefined);
  });
});

test.each(["closed", "about to close"])("a connection that is %s already has left", async (state) => {
  const terminator = new TlsTerminator({ certificates: [Default], protocols: ["h2"] });
  const tcp = new Socket();
  tcp.destroy();
  if (state === "closed") await once(tcp, "close");
  const done = vi.fn<(result: HandshakeResult) => void>();
  terminator.secure(tcp, 60_000, done);
  await vi.waitFor(() => expect(done.mock.calls).toEqual([[{ type: "failed", reason: "client-left" }]]));
});

test("a ClientHello in small parts is understood as well", async () => {
  const door = await openTlsDoor(Three);
  const port = await openRelay(door, (bytes, server) => void dribble(server, bytes));
  const handshaken = await door.shake({ port, servername: "exact.example.com" });
  expect(seen(handshaken)).toMatchObject({ certificate: "exact.example.com" });
});

test("each half of the connection ends by itself", async () => {
  const door = await openTlsDoor(Three);
  const { client, result } = await door.shake({ socket: await door.connectTcp({ allowHalfOpen: true }) });
  if (result.type === "failed") throw new Error(result.reason);
  client.end("last words");
  result.socket.resume();
  await once(result.socket, "end");
  const answer = once(client, "data");
  result.socket.end("answer");
  expect(String(await answer)).toBe("answer");
});

/** Writes `bytes` in parts of 9, each in a packet of its own. */
async function dribble(socket: Socket, bytes: Uint8Array): Promise<void> {
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += 9) {
    socket.write(bytes.subarray(at, at + 9));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
