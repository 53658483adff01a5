import type { Socket } from "node:net";
import { connectRequestFields, type ConnectRequest } from "../../protocol/handshake/extended-connect.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../../protocol/handshake/upgrade.ts";
import {
  ClientWindows,
  type H2AskResult,
  type H2Client,
  type H2ClientOptions,
  type H2ClientOwner,
  type PendingAsk,
} from "../h2-client.ts";
import { destroyLater, LingerMs } from "../lingering-close.ts";
import { PingDeadline } from "../ping-deadline.ts";
import { KeepAliveMs } from "../transport-limits.ts";
import type { StandingConnection } from "../upstream-connecting.ts";
import { BlockWatch } from "./block-watch.ts";
import { AnswerLimits, ConnectAsking } from "./connect-asking.ts";
import { FrameReader } from "./frame-reader.ts";
import { frame, goAwayFrame } from "./frame-writer.ts";
import { ErrorCode, Flag, FrameType, H2ConnectionError, Preface } from "./h2-codes.ts";
import { H2Frames } from "./h2-frames.ts";
import { H2Output } from "./h2-output.ts";
import type { OutputBuffers } from "./output-buffers.ts";
import { clientSettings } from "./settings.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

/** How long the server's SETTINGS, and its acknowledgement of ours, may take. */
const SettingsMs = 10_000;
/** How long a header block may take. */
const HeadersMs = 10_000;
/** The highest stream there can be. */
const MaxStreamId = 2 ** 31 - 1;

/** Of the streams that a server resets each was opened by us: that is no abuse. */
const NoResetLimit = { resetBurst: Infinity, resetsPerSecond: 0 } as const;

/** What a connection has from its engine. */
export interface H2ClientEngineParts {
  readonly buffers: OutputBuffers;
  readonly unread: UnreadBytes;
  /** No stream above it is opened. */
  readonly maxStreamId?: number;
}

/** One HTTP/2 connection of a client, framed here: the shell around {@link H2Frames}, with the socket and the clock. */
export class H2ClientConnection implements H2Client {
  readonly standing: StandingConnection;
  readonly #socket: Socket;
  readonly #options: H2ClientOptions;
  readonly #owner: H2ClientOwner;
  readonly #maxStreamId: number;
  readonly #output: H2Output;
  readonly #frames: H2Frames;
  readonly #reader: FrameReader;
  readonly #blocks: BlockWatch;
  readonly #ping: PingDeadline;
  readonly #settingsTimer: NodeJS.Timeout;
  #state: "opening" | "open" | "leaving" | "ending" | "closed" = "opening";
  /** Streams that were open when it looked last. */
  #streams = 0;
  /** The last stream that the server looks at, once it has said so. */
  #seenStreamId = MaxStreamId;
  /** Whether it was full, and the server may not have taken notice yet that it is no more. */
  #isSettling = false;
  #idle: NodeJS.Timeout | undefined;
  #onPong: (() => void) | undefined;

  constructor(
    standing: StandingConnection,
    options: H2ClientOptions,
    owner: H2ClientOwner,
    { buffers, unread, maxStreamId = MaxStreamId }: H2ClientEngineParts,
  ) {
    const { socket, connection } = standing;
    this.standing = standing;
    this.#socket = socket;
    this.#options = options;
    this.#owner = owner;
    this.#maxStreamId = maxStreamId;
    connection.setNoDelay(true).setKeepAlive(true, KeepAliveMs);
    this.#output = new H2Output(socket, buffers, {
      sendTrailers: (stream) => this.#frames.sendTrailers(stream),
      onEmpty: () => this.#endIfDone(),
    });
    this.#frames = this.#createFrames(unread);
    this.#reader = new FrameReader(this.#frames);
    const reads = { socket, reader: this.#reader, frames: this.#frames };
    this.#blocks = new BlockWatch(reads, HeadersMs, () => this.#fail(ErrorCode.EnhanceYourCalm));
    this.#ping = new PingDeadline(this.#pinged(), options, () => this.destroy());
    this.#settingsTimer = setTimeout(() => this.#checkSettings(), SettingsMs).unref();
    this.#listen();
    this.#output.send(Buffer.from(Preface, "latin1"));
    this.#frames.begin();
  }

  get takesWebSockets(): boolean {
    return this.#frames.peerSettings.takesExtendedConnect;
  }

  get isEmpty(): boolean {
    return this.#frames.openStreams === 0;
  }

  get hasRoom(): boolean {
    if (this.#state !== "open" || this.#isSettling) return false;
    const { maxConcurrentStreams } = this.#frames.peerSettings;
    return this.#frames.openStreams < Math.min(maxConcurrentStreams, this.#options.maxStreams);
  }

  ask(
    request: ConnectRequest,
    judge: (fields: FieldLines) => CheckedAnswer,
    done: (result: H2AskResult) => void,
  ): PendingAsk {
    const stream = this.#frames.open(connectRequestFields(request));
    if (stream.id + 2 > this.#maxStreamId) this.#leave();
    return new ConnectAsking(stream, judge, done);
  }

  retire(): void {
    this.#leave();
    this.#endIfDone();
  }

  destroy(): void {
    this.#close();
    this.#socket.destroy();
  }

  #createFrames(unread: UnreadBytes): H2Frames {
    const { streamBytes, connectionBytes } = ClientWindows;
    const http2 = {
      maxConcurrentStreams: this.#options.maxStreams,
      streamWindowBytes: streamBytes,
      connectionWindowBytes: connectionBytes,
      ...NoResetLimit,
    };
    const core = {
      http2,
      headers: AnswerLimits,
      settings: clientSettings(streamBytes, AnswerLimits.maxHeaderBytes),
      output: this.#output,
      unread,
      observer: undefined,
      requests: undefined,
      nowMs: () => performance.now(),
    };
    return new H2Frames(core, {
      onSettings: (isFirst) => this.#onSettings(isFirst),
      onStreams: () => this.#onStreams(),
      onGoAway: (code, lastStreamId) => this.#onGoAway(code, lastStreamId),
      onPong: () => this.#tellPong(),
    });
  }

  #listen(): void {
    const socket = this.#socket;
    // A proxy's answer was read from it before, and it was paused behind that.
    socket.on("data", (chunk: Buffer) => this.#read(chunk)).resume();
    // Without the server's half no window opens again.
    socket.once("end", () => this.destroy());
    socket.once("close", () => {
      this.#close();
      this.#owner.onClosed(this);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#state === "ending" || this.#state === "closed") return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof H2ConnectionError)) throw error;
      return this.#fail(error.code);
    }
    this.#blocks.look();
  }

  #checkSettings(): void {
    if (this.#state === "opening" || !this.#frames.isAcknowledged) this.#fail(ErrorCode.SettingsTimeout);
  }

  #onSettings(isFirst: boolean): void {
    if (isFirst && this.#state === "opening") {
      this.#state = "open";
      this.#owner.onSettings(this);
      this.#restIfEmpty();
    } else if (this.#state === "open") {
      this.#owner.onRoom();
    }
  }

  #onStreams(): void {
    const { openStreams } = this.#frames;
    const isFewer = openStreams < this.#streams;
    const wasFull = this.#streams >= this.#frames.peerSettings.maxConcurrentStreams;
    this.#streams = openStreams;
    clearTimeout(this.#idle);
    if (openStreams > 0) this.standing.connection.ref();
    this.#restIfEmpty();
    this.#endIfDone();
    if (!isFewer || this.#state !== "open") return;
    if (wasFull) this.#settle();
    else this.#owner.onRoom();
  }

  /** Servers of node:http2 count a stream until the turn is over in which its end came: a PING is answered behind that. */
  #settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#sendPing();
  }

  /** Without a stream it keeps no process alive, and ends before long. */
  #restIfEmpty(): void {
    if (this.#state !== "open" || this.#frames.openStreams > 0) return;
    this.standing.connection.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.retire(), this.#options.idleMs).unref();
  }

  #onGoAway(code: number, lastStreamId: number): void {
    const isOurs = lastStreamId === 0 || lastStreamId % 2 === 1;
    if (!isOurs || lastStreamId > this.#seenStreamId) {
      throw new H2ConnectionError(ErrorCode.ProtocolError, "a last stream that may not be");
    }
    this.#seenStreamId = lastStreamId;
    this.#leave();
    this.#frames.refuseAbove(lastStreamId);
    if (code === ErrorCode.NoError) this.#endIfDone();
    else this.#giveUp();
  }

  #leave(): void {
    if (this.#state !== "opening" && this.#state !== "open") return;
    this.#state = "leaving";
    clearTimeout(this.#idle);
    this.#owner.onLeaving(this);
  }

  /** Ends a connection on which nothing is left to be said. */
  #endIfDone(): void {
    if (this.#state !== "leaving" || this.#frames.openStreams > 0 || !this.#output.isEmpty) return;
    this.#end(ErrorCode.NoError);
  }

  #fail(code: ErrorCode): void {
    if (this.#state !== "ending" && this.#state !== "closed") this.#end(code);
  }

  /** A server opens no streams, so none of them was ever seen here. */
  #end(code: ErrorCode): void {
    this.#output.send(goAwayFrame(0, code));
    this.#giveUp();
  }

  /** Loses all streams, and closes so that what was written last is read. */
  #giveUp(): void {
    this.#leave();
    this.#stopTimers();
    this.#state = "ending";
    this.#output.close();
    this.#socket.end();
    destroyLater(this.#socket, LingerMs);
    this.#frames.loseAll();
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#leave();
    this.#stopTimers();
    this.#state = "closed";
    this.#frames.loseAll();
  }

  #stopTimers(): void {
    clearTimeout(this.#settingsTimer);
    clearTimeout(this.#idle);
    this.#blocks.stop();
    this.#ping.stop();
  }

  #sendPing(): void {
    this.#output.send(frame(FrameType.Ping, Flag.None, 0, new Uint8Array(8)));
  }

  #tellPong(): void {
    const onPong = this.#onPong;
    this.#onPong = undefined;
    onPong?.();
    if (!this.#isSettling) return;
    this.#isSettling = false;
    if (this.#state === "open") this.#owner.onRoom();
  }

  #pinged(): ConstructorParameters<typeof PingDeadline>[0] {
    const socket = this.#socket;
    return {
      get bytesRead() {
        return socket.bytesRead;
      },
      ping: (onAnswer) => {
        this.#onPong = onAnswer;
        this.#sendPing();
      },
    };
  }
}
