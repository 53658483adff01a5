import { CloseCode } from "../../protocol/close-code.ts";
import { errorCatalogue } from "../../protocol/errors.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { messageLimitOf, type MessageLimit, type MessageLimits } from "../../protocol/frame/message-meter.ts";
import { PingTrips } from "../../protocol/frame/ping-trips.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { ByteStream, StreamEnding } from "../../transport/byte-stream.ts";
import type { DeadlineList, Expiring, RunningDeadline } from "../../transport/deadline-list.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import type { StreamMoment, StreamWatch } from "../telemetry/seen-streams.ts";
import { Leg } from "./leg.ts";
import type { LegEvent } from "./leg.ts";
import type { GatewayCloseCause } from "./live-streams.ts";
import { Pipe } from "./pipe.ts";

/** How a relayed WebSocket ended: by the first event that began its end, whatever followed. */
export interface RelayEnding {
  readonly initiator: "client" | "upstream" | "gateway";
  /**
   * The code of the Close that began it, a peer's or the gateway's own; 1005 for a peer's without a code, 1006 where a
   * peer said none or the gateway could not.
   */
  readonly code: number;
  readonly cause:
    | "close-frame"
    | "end-without-close"
    | "reset"
    | "connection-lost"
    | "rule-broken"
    /** A message was larger than it may be. */
    | "limit"
    | "stalled"
    /** A Close of the gateway's own could leave towards neither side in time. */
    | "close-deadline"
    | GatewayCloseCause;
}

/** A limit or a deadline at which a relay ends. */
export type RelayLimit = Extract<LimitKind, MessageLimit | "idle" | "age" | "write_stall" | "close_deadline">;

/** What a {@link Relay} needs beside its two streams. */
export interface RelayOptions {
  /** RSV bits of the extensions that the two ends negotiated, see `FrameRules`. */
  readonly allowedRsv: number;
  /** What messages are held to, both ways. */
  readonly limits: MessageLimits;
  /** How many bytes may wait for one side before the other one is held back; a read may come on top. */
  readonly maxBufferedBytes: number;
  /** `closeMs` of them is how long a Close may wait to leave and to be answered, and after that how long a peer may take to end its half. */
  readonly closing: DeadlineList;
  /** How long, by one of them, a client may take to end its half when all is said and has left; else the deadlines by `closeMs` hold. */
  readonly lingering?: DeadlineList | undefined;
  /** How long a peer may take nothing while bytes wait for it. */
  readonly stallMs: number;
  /** What was handed to the upstream: bytes and frames relayed, and the gateway's own Close. */
  readonly toUpstream: Traffic;
  readonly toClient: Traffic;
  /** Told how long a Ping of either side took until its Pong, in milliseconds. */
  readonly onPingAnswered?: ((ms: number) => void) | undefined;
  /** Told of each limit that this relay runs into. */
  onLimit(limit: RelayLimit): void;
  /** Told once, when both streams are over or given up; no timer is left then. */
  onEnded(ending: RelayEnding): void;
}

/** What a peer is told when it is the other one that failed. */
const BystanderCode = { client: CloseCode.BadGateway, upstream: CloseCode.GoingAway } as const;

/** Which limits make the gateway close a stream by itself. */
const LimitOfCause: Partial<Record<GatewayCloseCause, RelayLimit>> = { idle: "idle", "max-age": "age" };

/**
 * Joins a client and an upstream: two {@link Pipe}s, and this class, the only place that decides about the end.
 *
 * ```text
 *        first Close, end, reset, broken rule, stall, close()
 *  open ──────────────────────────────────────────────────────▶ closing
 *                                                                │  │
 *                          both streams over  ◀──────────────────┘  │ closeMs: who was told a Close gets our end,
 *                              │      ▲                             ▼ who could not be told one is reset
 *                              │      └───────────────────────── lingering ── closeMs: reset
 *                              ▼
 *                            ended
 *
 *  Each stream meanwhile:  Close one way ──Close the other way──▶ all said ──▶ our end ──peer's end──▶ over
 *                                                  (the upstream, being the server, ends first: RFC 6455 §7.1.1)
 * ```
 *
 * Whatever the two peers do, it takes at most 2 × `closeMs` from the first event to `onEnded`. The first event is the one
 * that counts; later ones only change what is still to be sent. The failure table in the README has each case.
 */
export class Relay implements Expiring {
  readonly #client: Leg;
  readonly #upstream: Leg;
  readonly #options: RelayOptions;
  #phase: "open" | "closing" | "lingering" | "ended" = "open";
  /** Of the first event; means nothing while the phase is `open`. */
  #ending: RelayEnding = { initiator: "gateway", code: CloseCode.Abnormal, cause: "drain" };
  #deadline: RunningDeadline | undefined;
  #linger: RunningDeadline | undefined;

  constructor(client: ByteStream, upstream: ByteStream, options: RelayOptions) {
    this.#options = options;
    const { allowedRsv, limits, stallMs, onPingAnswered } = options;
    const pings = onPingAnswered && new PingTrips(() => performance.now(), onPingAnswered);
    client.highWaterBytes = options.maxBufferedBytes;
    upstream.highWaterBytes = options.maxBufferedBytes;
    const onClient = (event: LegEvent): void => this.#decide(this.#client, event);
    const onUpstream = (event: LegEvent): void => this.#decide(this.#upstream, event);
    const toUpstream = new Pipe(client, upstream, {
      sender: "client",
      traffic: options.toUpstream,
      allowedRsv,
      limits,
      stallMs,
      pings,
      tell: onClient,
    });
    const toClient = new Pipe(upstream, client, {
      sender: "server",
      traffic: options.toClient,
      allowedRsv,
      limits,
      stallMs,
      pings,
      tell: onUpstream,
    });
    this.#client = new Leg("client", client, { reads: toUpstream, writes: toClient, tell: onClient });
    this.#upstream = new Leg("upstream", upstream, { reads: toClient, writes: toUpstream, tell: onUpstream });
  }

  /** Begins to relay; called once. */
  start(): void {
    this.#client.start();
    this.#upstream.start();
  }

  get moment(): StreamMoment {
    return {
      state: this.#phase === "open" ? "open" : "closing",
      bufferedToUpstream: this.#upstream.bufferedBytes,
      bufferedToClient: this.#client.bufferedBytes,
      sendWindow: this.#client.sendWindow ?? null,
    };
  }

  /** Tells of the frames of both sides from now on; `undefined`: of none. */
  watch(watch: StreamWatch | undefined): void {
    this.#client.reads.watch(watch?.toUpstream);
    this.#upstream.reads.watch(watch?.toClient);
  }

  /** Ends it from our side: the client is told `code`, the upstream 1001. Nothing if it is ending. */
  close(code: number, cause: GatewayCloseCause): void {
    if (this.#phase !== "open") return;
    this.#tellLimit(LimitOfCause[cause]);
    this.#closeBoth({ initiator: "gateway", code, cause }, { client: code, upstream: CloseCode.GoingAway });
    this.#settle();
  }

  /** Resets both streams now. */
  abort(): void {
    this.#begin({ initiator: "gateway", code: CloseCode.Abnormal, cause: "drain" });
    this.#client.abort("cancel");
    this.#upstream.abort("cancel");
    this.#settle();
  }

  #decide(leg: Leg, event: LegEvent): void {
    switch (event.type) {
      case "close-received":
        this.#begin({ initiator: leg.side, code: event.code, cause: "close-frame" });
        break;
      case "rule-broken":
        this.#ruleBroken(leg, event.rule);
        break;
      case "stalled":
        this.#stalled(this.#otherThan(leg));
        break;
      case "ended":
        if (!leg.reads.closeReceived) this.#endedWithoutClose(leg);
        break;
      case "closed":
        if (!leg.reads.closeReceived && !leg.ended) this.#gone(leg, event.ending);
        break;
      case "close-sent":
        break;
      default:
        event satisfies never;
    }
    this.#settle();
  }

  #ruleBroken(leg: Leg, rule: ErrorCode): void {
    const code = errorCatalogue[rule].closeCode;
    const limit = messageLimitOf(rule);
    if (this.#phase === "open") this.#tellLimit(limit);
    const cause = limit === undefined ? "rule-broken" : "limit";
    this.#closeBoth({ initiator: "gateway", code, cause }, { ...BystanderCode, [leg.side]: code });
  }

  #tellLimit(limit: RelayLimit | undefined): void {
    if (limit !== undefined) this.#options.onLimit(limit);
  }

  /**
   * `leg` takes nothing. To a client between two frames a Close is queued, which leaves if it wakes up in time; behind
   * half a frame there is no place for one, and the rest of the frame would have to wait here.
   */
  #stalled(leg: Leg): void {
    if (this.#phase !== "open") return;
    this.#options.onLimit("write_stall");
    const ending = { initiator: "gateway", code: CloseCode.TryAgainLater, cause: "stalled" } as const;
    const codes = { client: CloseCode.TryAgainLater, upstream: CloseCode.GoingAway } as const;
    if (leg === this.#client && !leg.writes.midFrame) {
      this.#closeBoth(ending, codes);
    } else {
      this.#begin(ending);
      leg.abort("cancel");
      this.#bereave(this.#otherThan(leg), codes);
    }
  }

  #endedWithoutClose(leg: Leg): void {
    this.#begin({ initiator: leg.side, code: CloseCode.Abnormal, cause: "end-without-close" });
    const other = this.#otherThan(leg);
    // A client that just ends has said no Close, so none is made up for the upstream: it sees what the client did.
    if (leg === this.#client && !other.writes.midFrame && !other.writes.closeSent) other.end();
    else this.#bereave(other, BystanderCode);
    if (leg.writes.midFrame) leg.abort("cancel");
    else leg.end();
  }

  /** `leg` was reset or lost, without a Close. */
  #gone(leg: Leg, { type }: StreamEnding): void {
    const cause = type === "connection-lost" ? "connection-lost" : "reset";
    this.#begin({ initiator: leg.side, code: CloseCode.Abnormal, cause });
    const other = this.#otherThan(leg);
    if (leg === this.#client && !other.writes.closeSent) other.abort("cancel");
    else this.#bereave(other, BystanderCode);
  }

  /** Nothing more comes for `leg` from the other side: a Close of our own says so, or a reset where one cannot. */
  #bereave(leg: Leg, codes: Readonly<Record<Leg["side"], CloseCode>>): void {
    if (leg.writes.midFrame) leg.abort(leg === this.#client ? "connect-error" : "cancel");
    else leg.close(codes[leg.side]);
  }

  /** The one place from which Closes of our own go both ways; each goes where no Close has gone yet. */
  #closeBoth(ending: RelayEnding, codes: Readonly<Record<Leg["side"], number>>): void {
    this.#begin(ending);
    this.#client.close(codes.client);
    this.#upstream.close(codes.upstream);
  }

  /** The first event is the ending, and starts the clock. */
  #begin(ending: RelayEnding): void {
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    this.#ending = ending;
    this.#deadline = this.#options.closing.start(this);
  }

  /** Does what has become due: our end where all is said, and the end of the relay. */
  #settle(): void {
    const [client, upstream] = [this.#client, this.#upstream];
    if (!client.closed && client.allSaid) client.end();
    if (!upstream.closed && upstream.allSaid && upstream.ended) upstream.end();
    if (client.allSaid && !client.closed) this.#startLinger();
    if (!client.closed || !upstream.closed || this.#phase === "ended") return;
    this.#phase = "ended";
    this.#deadline?.clear();
    this.#linger?.clear();
    this.#options.onEnded(this.#ending);
  }

  /** As often as it takes until all has left: a reset before would take the rest away. */
  #startLinger(): void {
    if (this.#linger === undefined) this.#linger = this.#options.lingering?.start({ expire: () => this.#lingered() });
  }

  #lingered(): void {
    this.#linger = undefined;
    if (!this.#client.flushed) return this.#startLinger();
    this.#client.abort("no-error");
    this.#settle();
  }

  /** A deadline of the closing has passed. */
  expire(): void {
    const legs = [this.#client, this.#upstream];
    if (this.#phase === "closing") {
      this.#phase = "lingering";
      this.#options.onLimit("close_deadline");
      this.#deadline = this.#options.closing.start(this);
      if (this.#ending.initiator === "gateway" && !legs.some((leg) => leg.writes.closeSent)) {
        this.#ending = { initiator: "gateway", code: CloseCode.Abnormal, cause: "close-deadline" };
      }
      for (const leg of legs) {
        if (leg.writes.closeSent && leg.flushed) leg.end();
        else leg.abort("cancel");
      }
    } else {
      for (const leg of legs) leg.abort(leg.allSaid ? "no-error" : "cancel");
    }
    this.#settle();
  }

  #otherThan(leg: Leg): Leg {
    return leg === this.#client ? this.#upstream : this.#client;
  }
}
