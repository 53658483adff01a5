import { clientOf } from "./client-address.ts";
import { HandshakeGate } from "./handshake-gate.ts";
import { UnreadBytes } from "./h2/unread-bytes.ts";
import { Tally } from "./tally.ts";

/** What all listeners of a gateway may have together. */
export interface ConnectionLimits {
  /** TCP connections in all. */
  readonly maxConnections: number;
  /** TCP connections of one client address; `undefined`: no limit. */
  readonly maxConnectionsPerAddress: number | undefined;
  /** TLS handshakes at work at once; the others wait. */
  readonly maxHandshakes: number;
}

/** Descriptors that connections leave to others: upstreams, the admin port, files of a reload. */
export const ReservedDescriptors = 32;

/** Why a connection is not let in: too many in all, or hardly a file descriptor is left. */
export type EntryRefusal = "limit" | "accept";

/** Counts the connections of all listeners of a gateway and what they hold unread, and gives their handshakes their turn. */
export class ConnectionGate {
  readonly handshakes: HandshakeGate;
  readonly unread = new UnreadBytes();
  readonly #openFiles: number;
  #limits: ConnectionLimits;
  #connections = 0;
  readonly #clients = new Tally<string>();

  /** @param openFiles - how many file descriptors the process may have, where that is known. */
  constructor(limits: ConnectionLimits, openFiles = Infinity) {
    this.#limits = limits;
    this.#openFiles = openFiles;
    this.handshakes = new HandshakeGate(limits.maxHandshakes);
  }

  /** Connections let in and not left yet. */
  get connections(): number {
    return this.#connections;
  }

  /** From now on `limits` hold for those who come; who is in stays in. */
  update(limits: ConnectionLimits): void {
    this.#limits = limits;
    this.handshakes.update(limits.maxHandshakes);
  }

  /**
   * Lets a connection in, or says why not.
   *
   * @param descriptor - its number, where known. The system gives the lowest that is free, so all below are in use.
   */
  enter(descriptor: number | undefined): ConnectionPass | EntryRefusal {
    if (this.#connections >= this.#limits.maxConnections) return "limit";
    // Without a descriptor left the system would close connections before anybody could count them.
    if (descriptor !== undefined && descriptor >= this.#openFiles - ReservedDescriptors) return "accept";
    this.#connections++;
    let counted: string | undefined;
    let isOver = false;
    return {
      claim: (address) => {
        if (counted !== undefined || isOver) return true;
        const client = clientOf(address);
        if (this.#clients.of(client) >= (this.#limits.maxConnectionsPerAddress ?? Infinity)) return false;
        this.#clients.add(client);
        counted = client;
        return true;
      },
      leave: () => {
        if (isOver) return;
        isOver = true;
        this.#connections--;
        if (counted !== undefined) this.#clients.remove(counted);
      },
    };
  }
}

/** A connection that was let in. */
export interface ConnectionPass {
  /** Counts it for `address`, once; `false`: that has as many as it may have, and this one is not counted. */
  claim(address: string): boolean;
  /** The connection is gone. Later calls do nothing. */
  leave(): void;
}
