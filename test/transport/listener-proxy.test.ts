import { once } from "node:events";
import { BlockList, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { ConnectionGate } from "../../src/transport/connection-gate.ts";
import { hex } from "../support/bits.ts";
import { clientHello } from "../support/client-hello-bytes.ts";
import { cutAt } from "../support/cuts.ts";
import { AmpleLimits, listenFor, LongDeadlines, readToEnd, type ListenerUnderTest } from "../support/listening.ts";
import { EachWayIn, openEcho } from "../support/live-echo.ts";
import { turns } from "../support/stream-observers.ts";

/** Trusted as a proxy; 127.0.0.2 is not. */
const proxyProtocol = new BlockList();
proxyProtocol.addAddress("127.0.0.1");

const Line = Buffer.from("PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n");
const Binary = Buffer.concat([
  Buffer.from("\r\n\r\n\0\r\nQUIT\n\x21\x11", "latin1"),
  hex("0013 c0000207 c6336401 c738 01bb 03 0004 deadbeef"),
]);
const Local = Buffer.from("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "latin1");
const Client = { remoteAddress: "192.0.2.7", remotePort: 51_000 };

/** A TCP connection of the proxy that has sent `chunks`, each of which arrived alone. */
async function connectThrough(listening: ListenerUnderTest, chunks: readonly Uint8Array[]) {
  const tcp = await listening.connectTcp();
  tcp.setNoDelay();
  for (const chunk of chunks) {
    tcp.write(chunk);
    await turns(1);
  }
  return tcp;
}

/** Waits for a handshake record (RFC 8446 §5.1). */
async function untilRecord(tcp: Socket): Promise<void> {
  const [chunk] = (await once(tcp, "data")) as [Buffer];
  expect(chunk[0]).toBe(22);
}

describe.each(EachWayIn)("over $access, HTTP/$version", ({ access, version }) => {
  test.each([
    { what: "a line", header: Line, facts: Client },
    { what: "a binary header", header: Binary, facts: Client },
    { what: "the proxy's own check", header: Local, facts: { remoteAddress: "127.0.0.1" } },
    { what: "a line without address", header: Buffer.from("PROXY UNKNOWN\r\n"), facts: { remoteAddress: "127.0.0.1" } },
  ])("$what tells who the client is, whatever the cutting", async ({ header, facts }) => {
    const listening = await listenFor(access, { proxyProtocol });
    const way = { listening, access, version };
    for (const chunks of [[header], cutAt(header, [1]), cutAt(header, [7, 1, 30])]) {
      const echo = await openEcho(way, await connectThrough(listening, chunks));
      await echo.roundTrip();
      expect(listening.opened.at(-1)).toMatchObject(facts);
      expect(listening.openings.at(-1)?.connection).toMatchObject(facts);
    }
    expect(listening.failures).toEqual([]);
  });

  test("who is no proxy needs no header", async () => {
    const listening = await listenFor(access, { proxyProtocol });
    const echo = await openEcho({ listening, access, version }, await listening.connectTcp("127.0.0.2"));
    await echo.roundTrip();
    expect(listening.opened).toMatchObject([{ remoteAddress: "127.0.0.2" }]);
  });

  test("the limit of an address is that of the client, not of the proxy", async () => {
    const gate = new ConnectionGate({ ...AmpleLimits, maxConnectionsPerAddress: 1 });
    const listening = await listenFor(access, { proxyProtocol }, gate);
    const way = { listening, access, version };
    const first = await openEcho(way, await connectThrough(listening, [Line]));
    const other = Buffer.from(Line.toString().replace("192.0.2.7", "192.0.2.8"));
    const neighbour = await openEcho(way, await connectThrough(listening, [other]));
    const third = await connectThrough(listening, [Binary]);
    await expect(once(third, "end")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(listening.failures).toEqual(["address-limit"]);
    await Promise.all([first.roundTrip(), neighbour.roundTrip()]);
    first.socket.destroy();
    await listening.until("one left", () => gate.connections === 1);
    await (await openEcho(way, await connectThrough(listening, [Line]))).roundTrip();
    await neighbour.roundTrip();
  });
});

describe.each(["TLS", "cleartext"] as const)("over %s", (access) => {
  /** Behind a header in the same read. */
  const firstBytes = async () => (access === "TLS" ? clientHello(["http/1.1"]) : Buffer.from("GET / HTTP/1.1\r\n"));

  test.each([Line, Binary])("no byte behind a header is lost, whatever the cutting", async (header) => {
    const listening = await listenFor(access, { proxyProtocol });
    const first = await firstBytes();
    const bytes = Buffer.concat([header, first]);
    for (const sizes of [[bytes.length], [header.length + 1], [header.length - 1, 2], [header.length + 200, 1]]) {
      const openedBefore = listening.opened.length;
      const tcp = await connectThrough(listening, cutAt(bytes, sizes));
      // Over TLS the server's half of the handshake comes only if the whole ClientHello has.
      if (access === "TLS") await untilRecord(tcp);
      else await listening.until("opened", () => listening.opened.length > openedBefore);
      tcp.destroy();
    }
  });

  test.each([
    { what: "none, but what is to follow it", header: Buffer.alloc(0) },
    { what: "a broken one", header: Buffer.from("PROXY TCP4 192.0.2.7 198.51.100.1 051000 443\r\n") },
    { what: "one of datagrams", header: Buffer.from(Buffer.from(Binary).fill(0x12, 13, 14)) },
  ])("a proxy that sends $what is closed; its neighbour does not feel it", async ({ header }) => {
    const listening = await listenFor(access, { proxyProtocol });
    const neighbour = await openEcho({ listening, access, version: "2" }, await connectThrough(listening, [Line]));
    const tcp = await connectThrough(listening, [Buffer.concat([header, await firstBytes()])]);
    expect(await readToEnd(tcp)).toBe("");
    expect(listening.failures).toEqual(["proxy-protocol"]);
    await neighbour.roundTrip();
  });

  test.each([
    { what: "nothing", sent: Buffer.alloc(0) },
    { what: "half a header", sent: Binary.subarray(0, 20) },
  ])("a proxy that sends $what in time is closed", async ({ sent }) => {
    const listening = await listenFor(access, { proxyProtocol, deadlines: { ...LongDeadlines, handshakeMs: 100 } });
    const tcp = await connectThrough(listening, [sent]);
    expect(await readToEnd(tcp)).toBe("");
    expect(listening.failures).toEqual(["proxy-protocol"]);
    await listening.untilNoConnections();
  });

  test("a proxy that only looks whether the port is open breaks no rule", async () => {
    const listening = await listenFor(access, { proxyProtocol });
    (await listening.connectTcp()).end();
    await listening.until("failed", () => listening.failures.length === 1);
    expect(listening.failures).toEqual(["client-left"]);
  });
});
