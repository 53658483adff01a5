import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { ClientEngines, dialerFor as dialerOf } from "../support/client-dialing.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { h2Origin } from "../support/h2-origin.ts";
import { turns } from "../support/stream-observers.ts";

const Engines = ["node", "hawser"] as const;
const Accepted = { ":status": 200 };

describe.each(Engines)("HTTP/2 framed by %s", (engine) => {
  const openClient = ClientEngines[engine];
  const dialerFor: typeof dialerOf = (address, protocol, options) =>
    dialerOf(address, protocol, { openClient, ...options });

  describe.each(["TLS", "cleartext"] as const)("over %s", (access) => {
    test("WebSockets that are opened at once share one connection, and those behind them too", async () => {
      const origin = await h2Origin({ access });
      const { open } = dialerFor(origin.address, "h2");
      const opened = await Promise.all(Array.from({ length: 20 }, () => open()));
      opened.push(await open());
      expect(opened.map(({ httpVersion }) => httpVersion)).toEqual(Array(21).fill("2"));
      expect(origin.streams).toHaveLength(21);
      expect(origin.connections.made).toBe(1);
    });

    test("a stream may hold as much as a server's, and all of them together more", async () => {
      const origin = await h2Origin({ access });
      const { open } = dialerFor(origin.address, "h2");
      await open();
      const [session] = origin.sessions;
      // The engine hawser lets the window of a stream grow.
      const initialWindowSize = engine === "node" ? 1_048_576 : 65_535;
      expect(session?.remoteSettings).toMatchObject({ initialWindowSize, enablePush: false });
      await vi.waitFor(() => expect(session?.state.remoteWindowSize).toBe(16_777_216));
    });

    test("a stream that is reset costs its WebSocket alone", async () => {
      const origin = await h2Origin({ access });
      const { open } = dialerFor(origin.address, "h2");
      const [one, other] = [await open("/one"), await open("/other")];
      origin.streams[0]!.close(8);
      await one.observer.until("the reset", () => one.observer.ending !== undefined);
      expect(one.observer.ending).toEqual({ type: "reset", code: 8 });
      origin.streams[1]!.write("still here");
      await other.observer.until("bytes", () => other.observer.receivedBytes === 10);
    });

    test("a connection that is lost is lost to all its WebSockets, and the next one gets another", async () => {
      const origin = await h2Origin({ access });
      const { open } = dialerFor(origin.address, "h2");
      const opened = await Promise.all([open(), open()]);
      origin.loseConnections();
      for (const { observer } of opened) {
        await observer.until("the loss", () => observer.ending !== undefined);
        expect(observer.ending).toEqual({ type: "connection-lost" });
      }
      await open();
      expect(origin.connections.made).toBe(2);
    });
  });

  describe("a server that lets two streams be open", () => {
    const settings = { maxConcurrentStreams: 2 };

    test("gets a further connection for a third one", async () => {
      const origin = await h2Origin({ settings });
      const { open } = dialerFor(origin.address, "h2");
      await Promise.all([open(), open(), open(), open(), open()]);
      expect(origin.connections.made).toBe(3);
      expect(origin.streams.map(({ rstCode }) => rstCode)).toEqual([0, 0, 0, 0, 0]);
    });

    test("gets no more of them than there may be: who finds them full waits for room, in order", async () => {
      const origin = await h2Origin({ settings });
      const { open } = dialerFor(origin.address, "h2", { maxClients: 1 });
      const [first] = await Promise.all([open(), open()]);
      const order: string[] = [];
      const late = Promise.all(
        ["/third", "/fourth"].map(async (path) => {
          await open(path);
          order.push(path);
        }),
      );
      await turns(50);
      expect(order).toEqual([]);
      first.stream.abort("cancel");
      await vi.waitFor(() => expect(order).toEqual(["/third"]));
      origin.streams[1]!.close(8);
      await late;
      expect(order).toEqual(["/third", "/fourth"]);
      expect(origin.connections.made).toBe(1);
    });

    test("is not waited for beyond the deadline", async () => {
      const origin = await h2Origin({ settings });
      const { open, dial } = dialerFor(origin.address, "h2", { maxClients: 1 });
      await Promise.all([open(), open()]);
      expect(await dial({ timeoutMs: 20 })).toEqual({ type: "timeout", asked: false });
      expect(origin.streams).toHaveLength(2);
    });

    test("serves who waits when it raises that", async () => {
      const origin = await h2Origin({ settings });
      const { open } = dialerFor(origin.address, "h2", { maxClients: 1 });
      await Promise.all([open(), open()]);
      const third = open();
      for (const session of origin.sessions) session.settings({ maxConcurrentStreams: 3 });
      await third;
      expect(origin.connections.made).toBe(1);
    });
  });

  test("a server that lets no stream be open is not sent one connection after the other", async () => {
    const origin = await h2Origin({ settings: { maxConcurrentStreams: 0 } });
    const { dial } = dialerFor(origin.address, "h2");
    expect(await dial({ timeoutMs: 500 })).toEqual({ type: "timeout", asked: false });
    expect(origin.connections.made).toBe(1);
  });

  describe("a server that says GOAWAY", () => {
    test("keeps the WebSockets there are, and the next one gets a connection of its own", async () => {
      const origin = await h2Origin();
      const { open } = dialerFor(origin.address, "h2");
      const one = await open();
      const [session] = origin.sessions;
      session!.close();
      // Once the client has read it.
      await vi.waitFor(async () => {
        await open();
        expect(origin.connections.made).toBe(2);
      });
      origin.streams[0]!.write("still here");
      await one.observer.until("bytes", () => one.observer.receivedBytes === 10);
      one.stream.end();
      origin.streams[0]!.end();
      await one.observer.until("the end", () => one.observer.ending !== undefined);
      expect(one.observer.ending).toEqual({ type: "ended" });
      await origin.until(() => origin.connections.open === 1);
    });

    test.each([
      { how: "in order", code: 0 },
      { how: "with an error", code: 11 },
    ])("and has not looked at a stream is asked again on another connection, $how", async ({ code }) => {
      const origin = await h2Origin({
        onStream(stream) {
          if (origin.streams.length > 2) return stream.respond(Accepted);
          // The first one stays, the second one is behind it.
          if (origin.streams.length === 1) stream.respond(Accepted);
          else stream.session?.goaway(code, 1);
        },
      });
      const { open } = dialerFor(origin.address, "h2");
      await open();
      await open();
      expect(origin.streams).toHaveLength(3);
      expect(origin.connections.made).toBe(2);
    });
  });

  describe("a server that refuses a stream", () => {
    const Refused = 7;

    test("is asked once more, on another connection, and keeps its WebSockets on the first", async () => {
      const origin = await h2Origin({
        onStream(stream) {
          if (origin.streams.length === 2) stream.close(Refused);
          else stream.respond(Accepted);
        },
      });
      const { open } = dialerFor(origin.address, "h2");
      const one = await open();
      await open();
      expect(origin.connections.made).toBe(2);
      expect(origin.connections.open).toBe(2);
      expect(one.observer.ending).toBeUndefined();
    });

    test("is not asked a third time", async () => {
      const origin = await h2Origin({ onStream: (stream) => stream.close(Refused) });
      const { dial } = dialerFor(origin.address, "h2");
      expect(await dial()).toMatchObject({ type: "unprocessed" });
      expect(origin.streams).toHaveLength(2);
      await origin.until(() => origin.connections.open === 0);
    });

    test.each([{ code: 1 }, { code: 2 }, { code: 8 }])(
      "with another code, $code, is not asked again",
      async ({ code }) => {
        const origin = await h2Origin({ onStream: (stream) => stream.close(code) });
        const { dial } = dialerFor(origin.address, "h2");
        expect(await dial()).toMatchObject({ type: "lost", detail: "ended by the server" });
        expect(origin.streams).toHaveLength(1);
      },
    );
  });

  describe("a connection without a WebSocket", () => {
    test("is closed a little later, in order", async () => {
      const origin = await h2Origin();
      const { open, dialer } = dialerFor(origin.address, "h2", { idleMs: 20 });
      const { stream } = await open();
      expect(dialer.isUnused).toBe(false);
      stream.abort("cancel");
      await origin.until(() => origin.connections.open === 0);
      await vi.waitFor(() => expect(dialer.isUnused).toBe(true));
      await open();
      expect(origin.connections.made).toBe(2);
    });

    test("serves the next one in the meantime, and is kept as long as that lives", async () => {
      const origin = await h2Origin();
      const { open } = dialerFor(origin.address, "h2", { idleMs: 30 });
      const first = await open();
      first.stream.abort("cancel");
      await first.observer.until("the end", () => first.observer.ending !== undefined);
      const second = await open();
      // Longer than the first one's time.
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(second.observer.ending).toBeUndefined();
      expect(origin.connections).toMatchObject({ made: 1, open: 1 });
    });

    test("keeps no process alive, as one with a WebSocket does", { timeout: 20_000 }, async () => {
      const origin = await h2Origin({
        onStream(stream, fields) {
          stream.respond(Accepted);
          if (fields.includes("/second")) setTimeout(() => stream.write("late"), 200);
        },
      });
      const program = fileURLToPath(import.meta.resolve("../support/dial-and-leave.ts"));
      const child = spawn(process.execPath, [program, String(origin.port), engine], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      child.stdout.on("data", (part: Buffer) => (said += part.toString()));
      const [code] = await once(child, "close");
      expect({ code, said }).toEqual({ code: 0, said: "/first opened\n/second opened\nheard\nclosed\n" });
      expect(origin.connections.made).toBe(1);
    });
  });

  describe("a connection that is dead", () => {
    test("is found out by a PING that nobody answers, and lost to its WebSockets", async () => {
      const origin = await h2Origin();
      const between = await connectProxy();
      const { open } = dialerFor(origin.address, "h2", { proxy: between.proxy, pingIntervalMs: 20, pongMs: 30 });
      const { observer } = await open();
      between.freeze();
      await observer.until("the loss", () => observer.ending !== undefined);
      expect(observer.ending).toEqual({ type: "connection-lost" });
    });

    test("is not one on which PINGs are answered", async () => {
      const origin = await h2Origin();
      const { open } = dialerFor(origin.address, "h2", { pingIntervalMs: 5, pongMs: 1_000 });
      const { observer } = await open();
      const [session] = origin.sessions;
      let pings = 0;
      session!.on("ping", () => pings++);
      await vi.waitFor(() => expect(pings).toBeGreaterThan(2));
      expect(observer.ending).toBeUndefined();
    });

    test("is not one that has said GOAWAY, on which node:http2 sends no PING any more", async () => {
      const origin = await h2Origin();
      const { open } = dialerFor(origin.address, "h2", { pingIntervalMs: 5, pongMs: 300 });
      const { observer } = await open();
      const [leaving] = origin.sessions;
      leaving!.close();
      // Once the client has read it.
      await vi.waitFor(async () => {
        await open();
        expect(origin.connections.made).toBe(2);
      });
      // By the clock of the other connection it is twice as long as a dead one is given.
      let pings = 0;
      const [, other] = origin.sessions;
      other!.on("ping", () => pings++);
      await vi.waitFor(() => expect(pings).toBeGreaterThan(120), 10_000);
      expect(observer.ending).toBeUndefined();
    });
  });

  describe("a dial that nobody waits for any more", () => {
    test("lets go of the connection that was being opened for it", async () => {
      const origin = await h2Origin({ access: "TLS" });
      const { dial, dialer } = dialerFor(origin.address, "h2");
      const aborting = new AbortController();
      const dialed = dial({ signal: aborting.signal });
      aborting.abort();
      expect(await dialed).toEqual({ type: "aborted" });
      expect(dialer.isUnused).toBe(true);
      await origin.until(() => origin.connections.open === 0);
    });

    test("leaves it to who waits for the same one", async () => {
      const origin = await h2Origin({ access: "TLS" });
      const { dial, open } = dialerFor(origin.address, "h2");
      const aborting = new AbortController();
      const [first, second] = [dial({ signal: aborting.signal }), open()];
      aborting.abort();
      expect(await first).toEqual({ type: "aborted" });
      await second;
      expect(origin.connections.made).toBe(1);
    });

    test("resets its stream, and the others on it live on", async () => {
      const origin = await h2Origin({
        onStream(stream, fields) {
          if (!fields.includes("/silent")) stream.respond(Accepted);
        },
      });
      const { dial, open } = dialerFor(origin.address, "h2");
      const one = await open();
      const aborting = new AbortController();
      const dialed = dial({ path: "/silent", signal: aborting.signal });
      await origin.until(() => origin.streams.length === 2);
      aborting.abort();
      expect(await dialed).toEqual({ type: "aborted" });
      await vi.waitFor(() => expect(origin.streams[1]!.rstCode).toBe(8));
      expect(one.observer.ending).toBeUndefined();
    });
  });
});
