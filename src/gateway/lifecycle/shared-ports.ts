import type { AddressInfo } from "node:net";
import { resetSocket } from "../../transport/reset-socket.ts";
import { SharedPort, type AcceptedSocket } from "../../transport/shared-port.ts";
import { AcceptBacklog } from "../../transport/transport-limits.ts";
import type { ListenerConfig } from "../config/config.ts";
import { listenOn } from "./bind.ts";
import { Places, type OpenPlace } from "./places.ts";

/** A port with the number by which messages name it. */
interface NumberedPort {
  readonly number: number;
  readonly port: SharedPort;
  /** Who has come before it was certain that the port stays; `undefined` when it is. */
  early: AcceptedSocket[] | undefined;
}

/** Where the listener of a config is open. */
export interface PortOfListener {
  readonly listener: string;
  /** Stays the same as long as the port is open, whatever its listener is called. */
  readonly number: number;
  readonly address: AddressInfo;
}

/** Who is told of a connection, and of one that was lost. */
export interface SharedPortsObserver {
  accepted(port: number, socket: AcceptedSocket): void;
  failed(port: number): void;
}

/** A change of the ports that is certain to succeed. Exactly one of the two is called. */
export interface PortChange {
  /** All that are there afterwards. */
  readonly ports: readonly PortOfListener[];
  /** Makes it: closes those that have no place in the config any more. Returns those that are new. */
  commit(): readonly PortOfListener[];
  /** Closes what was opened for it. */
  undo(): void;
}

/** The ports that a process accepts at for others, from one config to the next. */
export class SharedPorts {
  readonly #observer: SharedPortsObserver;
  readonly #places = new Places<NumberedPort>();
  #lastNumber = 0;

  constructor(observer: SharedPortsObserver) {
    this.#observer = observer;
  }

  /** Those that are open. */
  get all(): PortOfListener[] {
    return this.#places.named.map(portOf);
  }

  /**
   * Binds the ports that are new in `listeners`; one that stays is never closed.
   *
   * @throws Error naming the listener at fault; nothing new is left open then.
   */
  async prepare(listeners: readonly ListenerConfig[]): Promise<PortChange> {
    const opened = new Map<string, OpenPlace<NumberedPort>>();
    const undo = (): void => {
      for (const { port } of opened.values()) {
        port.port.close();
        for (const socket of port.early ?? []) resetSocket(socket);
      }
    };
    try {
      for (const one of listeners) {
        if (this.#places.tryStaying(one) === undefined) opened.set(one.name, await this.#open(one));
      }
    } catch (error) {
      undo();
      throw error;
    }
    const commit = (): PortOfListener[] => {
      for (const { port } of this.#places.replace(listeners, opened)) port.port.close();
      for (const { port } of opened.values()) this.#release(port);
      return [...opened].map(portOf);
    };
    return { ports: this.#places.after(listeners, opened).map(portOf), commit, undo };
  }

  /** Closes all. */
  close(): void {
    for (const { port } of this.#places.replace([], new Map())) port.port.close();
  }

  async #open(config: ListenerConfig): Promise<OpenPlace<NumberedPort>> {
    const number = (this.#lastNumber += 1);
    const shared = new SharedPort(
      (socket) => this.#accept(port, socket),
      () => this.#observer.failed(number),
    );
    const port: NumberedPort = { number, port: shared, early: [] };
    const address = await listenOn(`listener ${config.name}`, config, () => shared.listen(config));
    return { port, place: config, address };
  }

  #accept({ number, early }: NumberedPort, socket: AcceptedSocket): void {
    if (early === undefined) return this.#observer.accepted(number, socket);
    if (early.length < AcceptBacklog) early.push(socket);
    else resetSocket(socket);
  }

  #release(port: NumberedPort): void {
    const early = port.early ?? [];
    port.early = undefined;
    for (const socket of early) this.#observer.accepted(port.number, socket);
  }
}

function portOf([listener, { port, address }]: readonly [string, OpenPlace<NumberedPort>]): PortOfListener {
  return { listener, number: port.number, address };
}
