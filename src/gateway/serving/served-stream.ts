import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { ConnectionFacts, Opening } from "../../transport/opening.ts";
import type { StreamLimits, TailConfig } from "../config/config.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import type { SeenStream, StreamMoment, StreamWatch } from "../telemetry/seen-streams.ts";
import { protocolOf, type StreamClose, type StreamRecord } from "../telemetry/stream-registry.ts";
import type { OpeningTrace, StreamTrace } from "../telemetry/tracing.ts";
import { Lifetime, OverCode } from "./lifetime.ts";
import type { GatewayCloseCause, LiveStream } from "./live-streams.ts";
import { streamFactsOf, type StreamContext } from "./serving-context.ts";

/** What moves the bytes of a {@link ServedStream}. */
export interface MovedStream extends Pick<LiveStream, "close" | "abort"> {
  readonly moment: StreamMoment;
  /** As {@link SeenStream.watch}. */
  watch(watch: StreamWatch | undefined): void;
}

const NothingYet: StreamMoment = { state: "open", bufferedToUpstream: 0, bufferedToClient: 0, sendWindow: null };

/** What the two ends agreed on. */
interface Agreement {
  readonly subprotocol?: string | undefined;
  /** `Sec-WebSocket-Extensions` of the answer. */
  readonly extensions?: string | undefined;
}

/** Whose stream it is, by names from the config, and how long it may live. */
interface Belonging {
  readonly route: string;
  readonly upstream: string;
  readonly limits: StreamLimits;
  readonly tail: TailConfig | undefined;
  readonly agreement: Agreement;
  /** Of the opening it comes of. */
  readonly trace: OpeningTrace | undefined;
}

/**
 * An accepted WebSocket in the books of the gateway, from its answer to its end: its record, its place among the live
 * streams, its lifetime, and what it was admitted for, which is given back once it has ended.
 */
export class ServedStream implements LiveStream, SeenStream {
  readonly route: string;
  readonly connection: ConnectionFacts;
  readonly record: StreamRecord;
  readonly tail: TailConfig | undefined;
  readonly subprotocol: string | undefined;
  readonly extensions: string | undefined;
  readonly #limits: StreamLimits;
  readonly #context: StreamContext;
  readonly #release: () => void;
  readonly #trace: StreamTrace | undefined;
  #stream: MovedStream | undefined;
  #lifetime: Lifetime | undefined;

  /** @param release - called once, when the stream has ended. */
  constructor(
    opening: Opening,
    { route, upstream, limits, tail, agreement, trace }: Belonging,
    context: StreamContext,
    release: () => void,
  ) {
    this.route = route;
    this.connection = opening.connection;
    this.#limits = limits;
    this.tail = tail;
    this.subprotocol = agreement.subprotocol;
    this.extensions = agreement.extensions;
    this.#context = context;
    this.#release = release;
    this.record = context.streams.open(streamFactsOf(opening, route, upstream));
    this.#trace = trace?.stream(this.record);
  }

  get listener(): string {
    return this.connection.listener;
  }

  get client(): string {
    return this.connection.remoteAddress;
  }

  get moment(): StreamMoment {
    return this.#stream?.moment ?? NothingYet;
  }

  get toUpstream(): Traffic {
    return this.record.toUpstream;
  }

  get toClient(): Traffic {
    return this.record.toClient;
  }

  /** `stream` is what moves its bytes from now on. */
  begin(stream: MovedStream): void {
    this.#stream = stream;
    this.#context.live.add(this);
    this.#context.seen.add(this);
    if (!Lifetime.isLimited(this.#limits)) return;
    this.#lifetime = new Lifetime({
      limits: this.#limits,
      traffic: [this.toUpstream, this.toClient],
      random: Math.random,
      onOver: (why) => this.close(OverCode[why], why),
    });
  }

  close(code: number, cause: GatewayCloseCause): void {
    this.#trace?.closing(code, cause);
    this.#stream?.close(code, cause);
  }

  watch(watch: StreamWatch | undefined): void {
    this.#stream?.watch(watch);
  }

  closeAs(code: number): void {
    this.close(code, "operator");
  }

  abort(): void {
    this.#stream?.abort();
  }

  readonly onLimit = (limit: LimitKind): void => {
    this.#trace?.limitHit(limit);
    this.#context.limitHit(limit, protocolOf(this.connection));
  };

  readonly onPingAnswered = (ms: number): void => this.record.pingAnswered(ms);

  readonly onEnded = (ending: StreamClose): void => {
    this.#lifetime?.stop();
    // An old table of a Set keeps who was in it when it grew, until the next collection of all: it keeps no more than this.
    this.#stream = undefined;
    this.#context.live.delete(this);
    this.#context.seen.delete(this);
    this.record.close(ending);
    this.#trace?.ended(this.record, ending);
    this.#release();
  };
}
