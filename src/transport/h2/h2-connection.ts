import type { Socket } from "node:net";
import type { DeadlineList } from "../deadline-list.ts";
import type { H2Connection, H2Options } from "../h2-acceptor.ts";
import type { H2Observer } from "../h2-observer.ts";
import { destroyLater, LingerMs, MaxDroppedBytes } from "../lingering-close.ts";
import type { AcceptorSink, ConnectionFacts } from "../opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "../transport-limits.ts";
import { BlockWatch } from "./block-watch.ts";
import { FrameReader } from "./frame-reader.ts";
import { frame, goAwayFrame } from "./frame-writer.ts";
import { ErrorCode, Flag, FrameType, H2ConnectionError, Preface } from "./h2-codes.ts";
import { H2Frames } from "./h2-frames.ts";
import { H2Liveness, type LiveConnection } from "./h2-liveness.ts";
import { H2Output } from "./h2-output.ts";
import { H2Requests } from "./h2-requests.ts";
import type { OutputBuffers } from "./output-buffers.ts";
import { serverSettings } from "./settings.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

/** What a connection has from its engine. */
export interface H2ConnectionOptions {
  readonly facts: ConnectionFacts;
  readonly http2: H2Options;
  readonly deadlines: AcceptorDeadlines;
  /** Those of openings. */
  readonly answering: DeadlineList;
  readonly headers: HeaderLimits;
  readonly sink: AcceptorSink;
  readonly buffers: OutputBuffers;
  readonly unread: UnreadBytes;
  /** `undefined`: nobody watches. */
  readonly observer: H2Observer | undefined;
  /** Told once, when the connection is gone. */
  readonly onClose: () => void;
  /** How long the client's SETTINGS may take. */
  readonly settingsMs: number;
}

/** How long a client may take to answer the PING between the two GOAWAYs. */
const RoundTripMs = 1_000;

/**
 * One HTTP/2 server connection, framed here: the shell around {@link H2Frames}, with the socket and the clock.
 *
 *     opening ──SETTINGS──▶ open ──goAway, GOAWAY of the client──▶ leaving ──last stream──▶ ending ──▶ closed
 *        └── a deadline, a broken rule, destroy ────────────────────────────────────────────▲
 */
export class H2ServerConnection implements H2Connection {
  readonly facts: ConnectionFacts;
  readonly #socket: Socket;
  readonly #options: H2ConnectionOptions;
  readonly #output: H2Output;
  readonly #frames: H2Frames;
  readonly #reader: FrameReader;
  readonly #requests: H2Requests;
  readonly #liveness: H2Liveness;
  readonly #blocks: BlockWatch;
  #state: "opening" | "open" | "leaving" | "ending" | "closed" = "opening";
  /** Bytes of the preface that have come. */
  #prefaceBytes = 0;
  /** Runs out before the client's SETTINGS, later while no stream is open. */
  #timer: NodeJS.Timeout;
  #droppedBytes = 0;
  #mostStreams = 0;
  /** Of the client's last GOAWAY. */
  #goAwayCode: number | undefined;
  #roundTrip: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: H2ConnectionOptions) {
    const { facts, http2, headers, deadlines, sink } = options;
    this.#socket = socket;
    this.#options = options;
    this.facts = facts;
    this.#requests = new H2Requests({ facts, sink, deadlines, answering: options.answering });
    this.#output = new H2Output(socket, options.buffers, {
      sendTrailers: (stream) => this.#frames.sendTrailers(stream),
      onEmpty: () => this.#endIfDone(),
      onWindowShut: () => options.observer?.stalled(),
    });
    const nowMs = (): number => performance.now();
    const settings = serverSettings(http2, headers);
    const { unread, observer } = options;
    const core = { http2, headers, settings, output: this.#output, unread, observer, requests: this.#requests, nowMs };
    this.#frames = new H2Frames(core, {
      onSettings: (isFirst) => isFirst && this.#onSettings(),
      onStreams: () => this.#onStreams(),
      onGoAway: (code) => this.#onGoAway(code),
      onPong: () => this.#sendLastGoAway(),
    });
    this.#reader = new FrameReader(this.#frames);
    this.#timer = setTimeout(() => this.#onLate(ErrorCode.SettingsTimeout), options.settingsMs);
    this.#liveness = new H2Liveness(this.#live(), deadlines.headersMs, () => this.destroy());
    const reads = { socket, reader: this.#reader, frames: this.#frames };
    this.#blocks = new BlockWatch(reads, deadlines.headersMs, () => this.#onLate(ErrorCode.EnhanceYourCalm));
    this.#listen();
    this.#frames.begin();
  }

  get openStreams(): number {
    return this.#frames.openStreams;
  }

  refuseNew(): void {
    this.#requests.isDraining = true;
  }

  goAway(): void {
    this.refuseNew();
    this.#sayGoodbye();
  }

  destroy(): void {
    this.#close();
    this.#socket.destroy();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    // Without the client's half no window opens again.
    socket.once("end", () => this.destroy());
    socket.once("close", () => {
      this.#close();
      this.#options.observer?.over(this.#mostStreams);
      this.#options.onClose();
    });
  }

  #read(chunk: Buffer): void {
    if (this.#state === "ending" || this.#state === "closed") return this.#drop(chunk);
    try {
      const rest = this.#prefaceBytes < Preface.length ? this.#readPreface(chunk) : chunk;
      if (rest.length > 0) this.#reader.read(rest);
    } catch (error) {
      if (!(error instanceof H2ConnectionError)) throw error;
      return this.#onBroken(error);
    }
    this.#blocks.look();
  }

  /** What still comes behind our end is thrown away, up to a bound: who sends on and on is not read any more. */
  #drop(chunk: Buffer): void {
    this.#droppedBytes += chunk.length;
    if (this.#droppedBytes > MaxDroppedBytes) this.#socket.pause();
  }

  #readPreface(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, Preface.length - this.#prefaceBytes);
    if (part.toString("latin1") !== Preface.slice(this.#prefaceBytes, this.#prefaceBytes + part.length)) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "no preface");
    }
    this.#prefaceBytes += part.length;
    return chunk.subarray(part.length);
  }

  #onSettings(): void {
    if (this.#state === "opening") this.#state = "open";
    this.#onStreams();
  }

  #onStreams(): void {
    this.#mostStreams = Math.max(this.#mostStreams, this.#frames.openStreams);
    clearTimeout(this.#timer);
    if (this.#state === "opening" || this.#frames.openStreams > 0) return;
    if (this.#state === "leaving") return this.#endIfDone();
    if (this.#state !== "open") return;
    this.#timer = setTimeout(() => this.#sayGoodbye(), this.#options.deadlines.idleConnectionMs);
  }

  #onGoAway(code: number): void {
    if (code !== this.#goAwayCode) this.#options.observer?.goAway("received", code);
    this.#goAwayCode = code;
    if (code !== ErrorCode.NoError) return this.#giveUp();
    this.#leave();
    this.#endIfDone();
  }

  /** What is on its way is still taken; the last GOAWAY follows a round trip later (§6.8). */
  #sayGoodbye(): void {
    if (this.#state !== "open" && this.#state !== "opening") return;
    this.#leave();
    this.#options.observer?.goAway("sent", ErrorCode.NoError);
    this.#output.send(goAwayFrame(2 ** 31 - 1, ErrorCode.NoError));
    this.#output.send(frame(FrameType.Ping, Flag.None, 0, new Uint8Array(8)));
    this.#roundTrip = setTimeout(() => this.#sendLastGoAway(), RoundTripMs);
  }

  #leave(): void {
    this.#state = "leaving";
    clearTimeout(this.#timer);
  }

  #sendLastGoAway(): void {
    if (this.#roundTrip === undefined) return;
    clearTimeout(this.#roundTrip);
    this.#roundTrip = undefined;
    this.#frames.takeNoMore();
    this.#output.send(goAwayFrame(this.#frames.lastStreamId, ErrorCode.NoError));
    this.#endIfDone();
  }

  /** Ends a connection on which nothing is left to be said. */
  #endIfDone(): void {
    if (this.#state !== "leaving" || this.#roundTrip !== undefined) return;
    if (this.#frames.openStreams > 0 || !this.#output.isEmpty) return;
    this.#giveUp();
  }

  #onBroken({ code, abuse }: H2ConnectionError): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    const { sink } = this.#options;
    if (abuse === undefined) sink.refused("malformed", this.facts);
    else sink.abused(abuse, this.facts);
    this.#endWith(code);
  }

  #onLate(code: ErrorCode): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    this.#options.sink.refused("deadline", this.facts);
    this.#endWith(code);
    // Who is late has nothing on its way that would cost it what we said.
    this.#socket.destroySoon();
  }

  #endWith(code: ErrorCode): void {
    this.#options.observer?.goAway("sent", code);
    this.#output.send(goAwayFrame(this.#frames.lastStreamId, code));
    this.#giveUp();
  }

  /** Loses all streams, and closes so that what was written last is read. */
  #giveUp(): void {
    this.#stopTimers();
    this.#state = "ending";
    this.#output.close();
    this.#socket.end();
    destroyLater(this.#socket, LingerMs);
    this.#frames.loseAll();
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#stopTimers();
    this.#state = "closed";
    this.#frames.loseAll();
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    this.#blocks.stop();
    clearTimeout(this.#roundTrip);
    this.#liveness.stop();
  }

  #live(): LiveConnection {
    const socket = this.#socket;
    const output = this.#output;
    return {
      get bytesRead() {
        return socket.bytesRead;
      },
      get dataBytesSent() {
        return output.dataBytes;
      },
      ping: () => this.#output.send(frame(FrameType.Ping, Flag.None, 0, new Uint8Array(8))),
    };
  }
}
