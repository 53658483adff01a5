import { SocketEvents } from "../../src/transport/socket-events.ts";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { dial } from "../../src/transport/dialer.ts";
import { connectTo, trySecure, type UpstreamTls } from "../../src/transport/upstream-address.ts";
import { testCertificate, type TestCertificate } from "../support/certificates.ts";
import { accepted, dialRequest, dialUpstream, switching } from "../support/dialing.ts";
import { turns } from "../support/stream-observers.ts";

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await testCertificate(["backend.internal", "localhost", "127.0.0.1"]);
});

const believing = (tls: Partial<UpstreamTls> = {}): UpstreamTls => ({
  serverName: undefined,
  ca: certificate.certificate,
  verify: true,
  ...tls,
});

/** Lets `server` listen at `path` or on a free port, until the test ends. */
async function listening<S extends Server>(server: S, path?: string) {
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = path === undefined ? (server.address() as AddressInfo) : { port: 0 };
  return { server, port };
}

/**
 * A server over TLS, or without, that accepts each opening, echoes, and says what it saw. Its half ends when it hears `bye`;
 * it listens on.
 */
async function echoServer({ isSecure, path }: { isSecure: boolean; path?: string }) {
  const names: unknown[] = [];
  const protocols: unknown[] = [];
  const heard: string[] = [];
  let open = 0;
  const { key, certificate: cert } = certificate;
  const server = isSecure ? createTlsServer({ key, cert, ALPNProtocols: ["h2", "http/1.1"] }) : createServer();
  server.on(isSecure ? "secureConnection" : "connection", (socket: TLSSocket) => {
    open++;
    names.push(socket.servername);
    protocols.push(socket.alpnProtocol);
    socket.on("error", ({ code }: NodeJS.ErrnoException) => heard.push(String(code)));
    socket.once("close", () => open--);
    socket.once("data", (head: Buffer) => {
      socket.write(switching(head.toString("latin1")));
      socket.on("data", (chunk: Buffer) => {
        const text = chunk.toString();
        heard.push(text);
        if (text === "bye") socket.end();
        else if (socket.writable) socket.write(chunk);
      });
    });
  });
  const { port } = await listening(server, path);
  return { port, names, protocols, heard, allClosed: () => vi.waitFor(() => expect(open).toBe(0)) };
}

async function unixPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "socket");
}

/** What comes back through the stream for a hello. */
async function echoThrough(dialed: ReturnType<typeof dialUpstream>): Promise<string> {
  const { stream, observer } = await accepted(dialed);
  stream.write(Buffer.from("hello"), 0, 5, "kept");
  await observer.until("the echo", () => observer.receivedBytes === 5);
  stream.abort("cancel");
  await observer.until("onClose", () => observer.ending !== undefined);
  return observer.received.toString();
}

describe("an address", () => {
  test.each(["127.0.0.1", "localhost"])("is reached over TCP by %s", async (host) => {
    const { port, allClosed } = await echoServer({ isSecure: false });
    expect(await echoThrough(dialUpstream({ transport: { type: "tcp", host, port }, tls: undefined }))).toBe("hello");
    await allClosed();
  });

  test("is reached over a unix socket", async () => {
    const path = await unixPath();
    const { allClosed } = await echoServer({ isSecure: false, path });
    expect(await echoThrough(dialUpstream({ transport: { type: "unix", path }, tls: undefined }))).toBe("hello");
    await allClosed();
  });

  test("is reached over TLS on a unix socket, as localhost", async () => {
    const path = await unixPath();
    const { names, allClosed } = await echoServer({ isSecure: true, path });
    expect(await echoThrough(dialUpstream({ transport: { type: "unix", path }, tls: believing() }))).toBe("hello");
    expect(names).toEqual(["localhost"]);
    await allClosed();
  });

  test.each([
    { what: "the host as name", host: "localhost", tls: {}, name: "localhost" },
    {
      what: "the configured name",
      host: "127.0.0.1",
      tls: { serverName: "backend.internal" },
      name: "backend.internal",
    },
    { what: "no name for an address, but the certificate must have it", host: "127.0.0.1", tls: {}, name: false },
    { what: "any certificate if told so", host: "localhost", tls: { ca: undefined, verify: false }, name: "localhost" },
    { what: "any name if told so", host: "localhost", tls: { serverName: "x.y", verify: false }, name: "x.y" },
  ])("is reached over TLS, offering HTTP/1.1 alone: $what", async ({ host, tls, name }) => {
    const { port, names, protocols, allClosed } = await echoServer({ isSecure: true });
    expect(await echoThrough(dialUpstream({ transport: { type: "tcp", host, port }, tls: believing(tls) }))).toBe(
      "hello",
    );
    expect({ names, protocols }).toEqual({ names: [name], protocols: ["http/1.1"] });
    await allClosed();
  });
});

describe.each([
  { over: "TCP", isSecure: false },
  { over: "TLS", isSecure: true },
])("a stream over $over", ({ isSecure }) => {
  async function openStream() {
    const { port, heard, allClosed } = await echoServer({ isSecure });
    const transport = { type: "tcp", host: "localhost", port } as const;
    const { stream, observer } = await accepted(dialUpstream({ transport, tls: isSecure ? believing() : undefined }));
    const say = (text: string) => stream.write(Buffer.from(text), 0, text.length, "kept");
    return { stream, observer, say, heard, allClosed };
  }

  test("is reset when it is aborted", async () => {
    const { stream, observer, say, heard, allClosed } = await openStream();
    say("hello");
    await observer.until("the echo", () => observer.receivedBytes === 5);
    stream.abort("cancel");
    await allClosed();
    expect(heard).toEqual(["hello", "ECONNRESET"]);
  });

  test("goes on when the upstream ends its half", async () => {
    const { stream, observer, say, heard, allClosed } = await openStream();
    say("bye");
    await observer.until("the end", () => observer.ends === 1);
    say("one more thing");
    stream.end();
    await allClosed();
    expect(heard).toEqual(["bye", "one more thing"]);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
  });
});

describe("TLS sessions", () => {
  /** An upstream that gives sessions; for each `dialOnce` it notes in `reused` whether one was resumed. */
  async function resumableServer(maxVersion: "TLSv1.2" | "TLSv1.3") {
    const { key, certificate: cert } = certificate;
    const reused: boolean[] = [];
    const server = createTlsServer({ key, cert, maxVersion });
    server.on("secureConnection", (socket: TLSSocket) => {
      reused.push(socket.isSessionReused());
      socket.on("error", () => undefined);
      socket.once("data", (head: Buffer) => socket.write(`${switching(head.toString("latin1"))}hello`));
    });
    const { port } = await listening(server);
    const address = { transport: { type: "tcp", host: "localhost", port }, tls: believing() } as const;
    const secure = trySecure(address);
    const dialOnce = async (): Promise<void> => {
      const { signal } = new AbortController();
      const dialed = dial({ address, secure, sourceAddress: undefined }, dialRequest, {
        connectTimeoutMs: 60_000,
        answerTimeoutMs: 60_000,
        signal,
      });
      const { observer } = await accepted(dialed);
      await observer.until("its first bytes", () => observer.receivedBytes === 5);
    };
    return { dialOnce, reused, server };
  }

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "are resumed by the next dial of the address, over %s",
    async (version) => {
      const { dialOnce, reused } = await resumableServer(version);
      for (let dials = 0; dials < 3; dials++) await dialOnce();
      expect(reused).toEqual([false, true, true]);
    },
  );

  test("are begun anew with an upstream that has forgotten them", async () => {
    const { dialOnce, reused, server } = await resumableServer("TLSv1.3");
    await dialOnce();
    server.setTicketKeys(Buffer.alloc(48, 7));
    await dialOnce();
    await dialOnce();
    expect(reused).toEqual([false, false, true]);
  });
});

describe("a source address", () => {
  async function sourceSeen(source: string, host: string): Promise<unknown> {
    const seen = Promise.withResolvers<string | undefined>();
    const { port } = await listening(
      createServer((socket) => {
        socket.on("error", () => undefined);
        seen.resolve(socket.remoteAddress);
        socket.destroy();
      }),
    );
    const socket = connectTo({ transport: { type: "tcp", host, port }, tls: undefined }, source, new SocketEvents());
    onTestFinished(() => void socket.destroy());
    return seen.promise;
  }

  test.each([
    { source: "127.0.0.2", host: "127.0.0.1" },
    { source: "127.0.0.3", host: "127.0.0.1" },
    { source: "127.0.0.2", host: "localhost" },
  ])("$source is what the upstream at $host sees", async ({ source, host }) => {
    expect(await sourceSeen(source, host)).toBe(source);
  });
});

describe("an address is unreachable", () => {
  test.each([
    { what: "whose certificate nobody vouches for", tls: { ca: undefined }, detail: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    {
      what: "whose certificate is another's",
      tls: { serverName: "other.internal" },
      detail: "ERR_TLS_CERT_ALTNAME_INVALID",
    },
    {
      what: "whose certificate has not its IP address",
      tls: { serverName: "127.0.0.2" },
      detail: "ERR_TLS_CERT_ALTNAME_INVALID",
    },
  ])("$what", async ({ tls, detail }) => {
    const { port, allClosed } = await echoServer({ isSecure: true });
    const dialed = dialUpstream({ transport: { type: "tcp", host: "127.0.0.1", port }, tls: believing(tls) });
    expect(await dialed).toEqual({ type: "unreachable", detail });
    await allClosed();
  });

  test("where nobody listens, over TCP", async () => {
    const { server, port } = await listening(createServer());
    server.close();
    const dialed = dialUpstream({ transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined });
    expect(await dialed).toEqual({ type: "unreachable", detail: "ECONNREFUSED" });
  });

  test("where nobody listens, over a unix socket", async () => {
    const dialed = dialUpstream({ transport: { type: "unix", path: await unixPath() }, tls: undefined });
    expect(await dialed).toEqual({ type: "unreachable", detail: "ENOENT" });
  });

  test.each([
    { what: "speaks no TLS", says: "220 mail.example ESMTP\r\n", leaves: "not" },
    { what: "ends within the TLS handshake", says: "", leaves: "ends" },
    { what: "resets within the TLS handshake", says: "", leaves: "resets" },
  ])("that $what", async ({ says, leaves }) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        if (says !== "") socket.write(says);
        if (leaves === "ends") socket.end();
        if (leaves === "resets") socket.resetAndDestroy();
      });
      socket.on("end", () => socket.end());
    });
    const { port } = await listening(server);
    const dialed = dialUpstream({ transport: { type: "tcp", host: "127.0.0.1", port }, tls: believing() });
    expect(await dialed).toMatchObject({ type: "unreachable", detail: expect.stringMatching(/^[A-Z_]+$/) as string });
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
  });
});

describe("an upstream that says nothing to TLS", () => {
  async function silentServer() {
    const hello = Promise.withResolvers<void>();
    const { server, port } = await listening(
      createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => hello.resolve());
      }),
    );
    return {
      server,
      address: { transport: { type: "tcp", host: "127.0.0.1", port }, tls: believing() } as const,
      hello,
    };
  }

  test("meets the connect deadline", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, address, hello } = await silentServer();
    const dialed = dialUpstream(address, { connectTimeoutMs: 5_000 });
    await hello.promise;
    vi.advanceTimersByTime(5_000);
    expect(await dialed).toEqual({ type: "timeout", detail: "no connection in time", asked: false });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
  });

  test("is left at once when the dial is aborted", async () => {
    const { server, address, hello } = await silentServer();
    const aborting = new AbortController();
    const dialed = dialUpstream(address, { signal: aborting.signal });
    await hello.promise;
    await turns();
    aborting.abort();
    expect(await dialed).toEqual({ type: "aborted" });
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
  });
});

test("dialling throws for a port that is none", async () => {
  const transport = { type: "tcp", host: "127.0.0.1", port: 70_000 } as const;
  await expect(dialUpstream({ transport, tls: undefined })).rejects.toThrow(RangeError);
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
