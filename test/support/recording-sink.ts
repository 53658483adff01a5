import type { ConnectionAbuse } from "../../src/transport/connection-abuse.ts";
import type {
  AcceptorSink,
  ConnectionFacts,
  HttpExchange,
  Opening,
  TransportRefusal,
} from "../../src/transport/opening.ts";

/** Keeps what an acceptor gives, and waits for it. */
export class RecordingSink implements AcceptorSink {
  readonly openings: Opening[] = [];
  readonly exchanges: HttpExchange[] = [];
  readonly refusals: TransportRefusal[] = [];
  readonly abuses: ConnectionAbuse[] = [];
  /** What its own methods threw. */
  readonly errors: unknown[] = [];
  /** What is done with each opening and exchange; without it they are only kept. */
  onOpening: ((opening: Opening) => void) | undefined;
  onExchange: ((exchange: HttpExchange) => void) | undefined;
  readonly #waiters = new Set<() => void>();

  opening(opening: Opening): void {
    this.openings.push(opening);
    this.onOpening?.(opening);
    this.changed();
  }

  exchange(exchange: HttpExchange): void {
    this.exchanges.push(exchange);
    this.onExchange?.(exchange);
    this.changed();
  }

  refused(refusal: TransportRefusal, _connection: ConnectionFacts): void {
    this.refusals.push(refusal);
    this.changed();
  }

  abused(abuse: ConnectionAbuse, _connection: ConnectionFacts): void {
    this.abuses.push(abuse);
    this.changed();
  }

  failed(error: unknown): void {
    this.errors.push(error);
    this.changed();
  }

  changed(): void {
    for (const look of this.#waiters) look();
  }

  /** Resolves once `holds`, looked at whenever something is told and every few milliseconds; rejects after `withinMs`. */
  async until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(deadline);
        clearInterval(looks);
        this.#waiters.delete(look);
        settle();
      };
      const look = () => {
        if (holds()) finish(resolve);
      };
      const deadline = setTimeout(() => finish(() => reject(new Error(`never came: ${what}`))), withinMs);
      // Counts of connections and streams tell nobody when they change.
      const looks = setInterval(look, 5);
      this.#waiters.add(look);
    });
  }

  /** The `nth` opening, when it has come. */
  async nextOpening(nth = 1): Promise<Opening> {
    await this.until(`opening ${nth}`, () => this.openings.length >= nth);
    return this.openings[nth - 1]!;
  }

  /** The `nth` exchange, when it has come. */
  async nextExchange(nth = 1): Promise<HttpExchange> {
    await this.until(`exchange ${nth}`, () => this.exchanges.length >= nth);
    return this.exchanges[nth - 1]!;
  }
}
