import { resetSocket } from "../../transport/reset-socket.ts";
import type { AcceptedSocket } from "../../transport/shared-port.ts";
import { AcceptBacklog } from "../../transport/transport-limits.ts";

/** How many connections may wait where nobody takes one, and how long. One more, or one that waits longer, is reset. */
const MaxWaiting = AcceptBacklog;
const MaxWaitMs = 10_000;

/** Who takes connections. */
export interface Taker {
  /** Connections it has, or is about to have. */
  readonly connections: number;
  readonly hasRoom: boolean;
  hand(port: number, socket: AcceptedSocket): void;
}

interface Waiting {
  readonly port: number;
  readonly socket: AcceptedSocket;
  readonly deadline: NodeJS.Timeout;
}

/**
 * Hands each connection to the one who has the fewest; among equals it is taken in turns. A client keeps its connection for
 * hours, and an HTTP/2 connection may carry hundreds of WebSockets: what chance does not even out stays uneven.
 */
export class HandOut {
  readonly #takers: () => readonly Taker[];
  readonly #lost: () => void;
  readonly #waiting = new Set<Waiting>();
  #turn = 0;
  #isClosed = false;

  /** @param lost - told of each connection that was reset, since nobody took it. */
  constructor(takers: () => readonly Taker[], lost: () => void) {
    this.#takers = takers;
    this.#lost = lost;
  }

  /** Hands `socket` over, now or when somebody has room. */
  take(port: number, socket: AcceptedSocket): void {
    const taker = this.#isClosed ? undefined : this.#tryFewest();
    if (taker !== undefined) return taker.hand(port, socket);
    if (this.#isClosed) return resetSocket(socket);
    if (this.#waiting.size >= MaxWaiting) return this.#lose(socket);
    const waiting: Waiting = { port, socket, deadline: setTimeout(() => this.#giveUp(waiting), MaxWaitMs) };
    this.#waiting.add(waiting);
  }

  /** Somebody may have room. */
  next(): void {
    for (const waiting of this.#waiting) {
      const taker = this.#tryFewest();
      if (taker === undefined) return;
      this.#forget(waiting);
      taker.hand(waiting.port, waiting.socket);
    }
  }

  /** Resets who waits, and from now on everybody. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting) {
      this.#forget(waiting);
      resetSocket(waiting.socket);
    }
  }

  #tryFewest(): Taker | undefined {
    const takers = this.#takers().filter(({ hasRoom }) => hasRoom);
    const least = Math.min(...takers.map(({ connections }) => connections));
    const equals = takers.filter(({ connections }) => connections === least);
    return equals[(this.#turn += 1) % equals.length];
  }

  #giveUp(waiting: Waiting): void {
    this.#forget(waiting);
    this.#lose(waiting.socket);
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.deadline);
    this.#waiting.delete(waiting);
  }

  #lose(socket: AcceptedSocket): void {
    resetSocket(socket);
    this.#lost();
  }
}
