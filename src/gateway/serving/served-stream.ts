import type { CloseCode } from "../../protocol/close-code.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { ConnectionFacts, Opening } from "../../transport/opening.ts";
import type { StreamLimits } from "../config/config.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";
import { protocolOf, type StreamClose, type StreamRecord } from "../telemetry/stream-registry.ts";
import type { OpeningTrace, StreamTrace } from "../telemetry/tracing.ts";
import { Lifetime, OverCode } from "./lifetime.ts";
import type { GatewayCloseCause, LiveStream } from "./live-streams.ts";
import { streamFactsOf, type StreamContext } from "./serving-context.ts";

/** What a {@link ServedStream} can be told to do. */
type Closable = Pick<LiveStream, "close" | "abort">;

/** Whose stream it is, by names from the config, and how long it may live. */
interface Belonging {
  readonly route: string;
  readonly upstream: string;
  readonly limits: StreamLimits;
  /** Of the opening it comes of. */
  readonly trace: OpeningTrace | undefined;
}

/**
 * An accepted WebSocket in the books of the gateway, from its answer to its end: its record, its place among the live
 * streams, its lifetime, and what it was admitted for, which is given back once it has ended.
 */
export class ServedStream implements LiveStream {
  readonly route: string;
  readonly connection: ConnectionFacts;
  readonly #limits: StreamLimits;
  readonly #context: StreamContext;
  readonly #release: () => void;
  readonly #record: StreamRecord;
  readonly #trace: StreamTrace | undefined;
  #stream: Closable | undefined;
  #lifetime: Lifetime | undefined;

  /** @param release - called once, when the stream has ended. */
  constructor(
    opening: Opening,
    { route, upstream, limits, trace }: Belonging,
    context: StreamContext,
    release: () => void,
  ) {
    this.route = route;
    this.connection = opening.connection;
    this.#limits = limits;
    this.#context = context;
    this.#release = release;
    this.#record = context.streams.open(streamFactsOf(opening, route, upstream));
    this.#trace = trace?.stream(this.#record);
  }

  get toUpstream(): Traffic {
    return this.#record.toUpstream;
  }

  get toClient(): Traffic {
    return this.#record.toClient;
  }

  /** `stream` is what moves its bytes from now on. */
  begin(stream: Closable): void {
    this.#stream = stream;
    this.#context.live.add(this);
    if (!Lifetime.isLimited(this.#limits)) return;
    this.#lifetime = new Lifetime({
      limits: this.#limits,
      traffic: [this.toUpstream, this.toClient],
      random: Math.random,
      onOver: (why) => this.close(OverCode[why], why),
    });
  }

  close(code: CloseCode, cause: GatewayCloseCause): void {
    this.#trace?.closing(code, cause);
    this.#stream?.close(code, cause);
  }

  abort(): void {
    this.#stream?.abort();
  }

  readonly onLimit = (limit: LimitKind): void => {
    this.#trace?.limitHit(limit);
    this.#context.limitHit(limit, protocolOf(this.connection));
  };

  readonly onEnded = (ending: StreamClose): void => {
    this.#lifetime?.stop();
    this.#context.live.delete(this);
    this.#record.close(ending);
    this.#trace?.ended(this.#record, ending);
    this.#release();
  };
}
