import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { HawserH2Engine } from "../../src/transport/hawser-h2.ts";
import { NodeH2Engine } from "../../src/transport/node-h2.ts";
import { connectionFacts } from "./connection-facts.ts";
import { SessionApplication, type ApplicationView } from "./h2-session-application.ts";
import { SessionClient, type ClientView } from "./h2-session-client.ts";
import { faultOf } from "./h2-session-faults.ts";
import type { FaultName, SessionStep } from "./h2-session-steps.ts";
import { DefaultH2, LongDeadlines } from "./listening.ts";
import { Flag, FrameType, Preface, RawH2Client, rawFrame, settingsFrame, uint32 } from "./raw-h2.ts";
import { turns } from "./stream-observers.ts";

const http2 = {
  ...DefaultH2,
  // So much that nothing of a session meets it; a stream's window is what both engines begin with.
  streamWindowBytes: 65_535,
  connectionWindowBytes: 2 ** 22,
  resetBurst: 10_000,
};
const engines = {
  node: new NodeH2Engine(http2, LongDeadlines, { maxHeaderBytes: 16_384, maxHeaderCount: 256 }),
  hawser: new HawserH2Engine(http2, LongDeadlines, { maxHeaderBytes: 16_384, maxHeaderCount: 256 }),
};

const InitialWindowSize = 4;
const HeaderTableSize = 1;
const LargeWindow = 2 ** 20;
/** So many round trips in which nothing moves, and nothing will: DATA may come behind the answer to one PING, not to two. */
const QuietTrips = 2;
const MostTrips = 400;
/** How long streams may take to end when nothing holds them back. */
const FinishMs = 4_000;

/** What both ends of one stream have seen. */
export interface StreamView {
  readonly id: number;
  readonly client: ClientView;
  readonly application: ApplicationView | undefined;
}

/** What came of a session. */
export interface SessionView {
  readonly streams: readonly StreamView[];
  /** The fault the session ended with, if it did, and what that led to. */
  readonly fault: FaultName | undefined;
  readonly outcome: string;
  /** How the connection is at the end. */
  readonly connection: string;
  readonly refusals: readonly string[];
  readonly errors: readonly unknown[];
}

/** An engine that serves sessions, one after the other. */
export class SessionEngine {
  readonly #engine: H2EngineName;
  readonly #server: Server;

  private constructor(engine: H2EngineName, server: Server) {
    this.#engine = engine;
    this.#server = server;
  }

  static async start(engine: H2EngineName): Promise<SessionEngine> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SessionEngine(engine, server);
  }

  stop(): void {
    this.#server.close();
  }

  /** Plays `steps` on a connection of its own, up to the first fault that breaks a rule. */
  async play(steps: readonly SessionStep[]): Promise<SessionView> {
    const { port } = this.#server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const [[accepted]] = await Promise.all([once(this.#server, "connection"), once(socket, "connect")]);
    const session = new Session(this.#engine, accepted as Socket, socket);
    try {
      return await session.play(steps);
    } finally {
      await session.close();
    }
  }
}

class Session {
  readonly #application = new SessionApplication();
  readonly #client: SessionClient;
  readonly #served: Socket;
  readonly #closed: Promise<void>;
  #hasLeft = false;

  constructor(engine: H2EngineName, served: Socket, socket: Socket) {
    const facts = connectionFacts({ id: 7, httpVersion: "2" });
    this.#served = served;
    this.#closed = new Promise((resolve) => {
      engines[engine].serve(served, facts, this.#application.sink, resolve, LongDeadlines.handshakeMs);
    });
    this.#client = new SessionClient(new RawH2Client(socket));
  }

  async play(steps: readonly SessionStep[]): Promise<SessionView> {
    this.#client.raw.send(Preface, settingsFrame());
    await this.#settle([]);
    for (const step of steps) {
      if (step.type === "leave") {
        await this.#settle([]);
        this.#client.put(rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, 0)));
        this.#hasLeft = true;
        break;
      }
      if (step.type === "fault") {
        // What waits for a window is sent in an order that each engine has its own of.
        this.#openWindows();
        // What came whole and was not read when the connection ends is kept for its reader here, and lost with node:http2.
        this.#application.resume();
        await this.#settle([]);
        const fault = faultOf(step.fault, this.#client, step.slot);
        if (fault !== undefined) return await this.#commit(step.fault, fault);
      } else {
        await this.#do(step);
      }
      if (this.#client.isEnded) break;
    }
    if (!this.#hasLeft) await this.#settle([]);
    await this.#finish();
    await turns(20);
    return this.#view(undefined, "");
  }

  async close(): Promise<void> {
    this.#client.raw.socket.destroy();
    this.#served.destroy();
    await this.#closed;
  }

  async #do(step: Exclude<SessionStep, { type: "fault" | "leave" }>): Promise<void> {
    const client = this.#client;
    switch (step.type) {
      case "open":
        return client.open(step.request, step.isLast, step.form);
      case "settle":
        return this.#settle(step.cuts);
      case "ping":
        return client.put(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8, 1)));
      case "update-all":
        return client.put(rawFrame(FrameType.WindowUpdate, Flag.None, 0, uint32(step.bytes)));
      case "window":
        return client.put(settingsFrame([[InitialWindowSize, step.bytes]]));
      case "table":
        return client.put(settingsFrame([[HeaderTableSize, step.bytes]]));
      default:
        return this.#onStream(step);
    }
  }

  async #onStream(step: Extract<SessionStep, { slot: number }>): Promise<void> {
    const client = this.#client;
    const stream = client.pick(step.slot);
    if (stream === undefined) return;
    switch (step.type) {
      case "data":
        return client.data(stream, step);
      case "trailers":
        return client.trailers(stream);
      case "reset":
        return client.reset(stream, step.code);
      case "update":
        return client.put(rawFrame(FrameType.WindowUpdate, Flag.None, stream.id, uint32(step.bytes)));
      case "priority":
        return client.put(rawFrame(FrameType.Priority, Flag.None, stream.id, Buffer.from([0, 0, 0, 0, 15])));
      case "unknown":
        return client.put(rawFrame(0x42, 0xff, stream.id, Buffer.from("whatever")));
      case "fault":
        return;
      default:
        await this.#settle([]);
        return this.#application.do(step, stream.id);
    }
  }

  async #commit(fault: FaultName, { frames, streamId }: NonNullable<ReturnType<typeof faultOf>>): Promise<SessionView> {
    const { raw } = this.#client;
    const before = raw.frames.length;
    this.#client.put(...frames);
    await this.#settle([]);
    const reset = raw.frames.slice(before).find((one) => one.type === FrameType.RstStream && one.streamId === streamId);
    const { goAwayCode, isEnded } = this.#client;
    const ofStream = reset === undefined ? "nothing" : `stream ${reset.payload.readUInt32BE()}`;
    const outcome = goAwayCode === undefined ? (isEnded ? "the end" : ofStream) : `connection ${goAwayCode}`;
    return this.#view(fault, outcome);
  }

  #openWindows(): void {
    this.#client.put(settingsFrame([[InitialWindowSize, LargeWindow]]));
    this.#client.put(rawFrame(FrameType.WindowUpdate, Flag.None, 0, uint32(LargeWindow * 16)));
  }

  /** Opens all windows, and ends all that has not ended. */
  async #finish(): Promise<void> {
    const client = this.#client;
    this.#openWindows();
    for (const stream of client.streams) client.data(stream, { bytes: 0, padding: 0, isLast: true });
    client.raw.send(client.flush());
    this.#application.finish();
    const isOver = (): boolean =>
      client.isEnded || client.streams.every(({ own, end }) => own === "reset" || end !== "open");
    const deadline = performance.now() + FinishMs;
    while (!isOver() && performance.now() < deadline) await turns(1);
  }

  /** Sends what waits to be sent, cut in pieces, and waits until nothing moves. */
  async #settle(cuts: readonly number[]): Promise<void> {
    const { raw } = this.#client;
    const bytes = this.#client.flush();
    const ends = cuts.map((cut) => Math.floor((cut * bytes.length) / 256)).toSorted((a, b) => a - b);
    for (const [at, end] of [...ends, bytes.length].entries()) {
      if (raw.socket.destroyed) return;
      this.#client.isWithinFrame = end < bytes.length;
      raw.send(bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
      await turns(2);
    }
    raw.send(this.#client.flush());
    for (let trip = 0, quiet = 0, moved = -1; quiet < QuietTrips && !this.#client.isEnded; trip++) {
      if (trip > MostTrips) throw new Error("a session that does not come to rest");
      moved = this.#moved;
      await this.#roundTrip();
      quiet = moved === this.#moved ? quiet + 1 : 0;
    }
    if (raw.socket.readableEnded) raw.socket.end();
  }

  async #roundTrip(): Promise<void> {
    const { raw } = this.#client;
    const pongs = (): number => raw.framesOf(FrameType.Ping).filter(({ flags }) => flags === Flag.Ack).length;
    const before = pongs();
    raw.send(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8, 7)));
    await raw.until("the answer to a PING", () => pongs() > before || this.#client.isEnded);
    await turns(2);
  }

  /** Grows with all that is sent, comes or is told, but for PINGs. */
  get #moved(): number {
    return this.#client.frames + this.#client.sentBytes + this.#application.calls;
  }

  #view(fault: FaultName | undefined, outcome: string): SessionView {
    const { streams, goAwayCode, isEnded } = this.#client;
    const { sink } = this.#application;
    return {
      streams: streams.map(({ id, view }) => ({ id, client: view, application: this.#application.viewOf(id) })),
      fault,
      outcome,
      connection: this.#hasLeft ? "left" : isEnded ? `ended ${goAwayCode}` : "open",
      refusals: sink.refusals,
      errors: sink.errors,
    };
  }
}
