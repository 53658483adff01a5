import type { AddressInfo } from "node:net";
import type { ConnectionGate } from "../../transport/connection-gate.ts";
import { Listener, type ListenerOptions } from "../../transport/listener.ts";
import type { ListenerObserver } from "../../transport/listener-observer.ts";
import type { AcceptorSink } from "../../transport/opening.ts";
import type { TicketSecret } from "../../transport/tls-server.ts";
import type { Config, ListenerConfig } from "../config/config.ts";
import { addressList } from "../routing/address-list.ts";
import { listenOn } from "./bind.ts";
import { Places, type OpenPlace } from "./places.ts";

/** What every listener of a gateway has in common. */
export interface ListenersOptions {
  readonly gate: ConnectionGate;
  readonly sink: AcceptorSink;
  readonly observer: ListenerObserver;
  /** Told of each port that has been opened for good. */
  readonly bound: (listener: ListenerConfig, address: AddressInfo) => void;
  /** `undefined`: they are the listeners of a process that serves alone. */
  readonly seat?: ListenerSeat | undefined;
}

/** What the listeners of a worker have in common with those of the others. */
export interface ListenerSeat {
  /** Connections are numbered from behind it. */
  readonly idsBehind: number;
  readonly ticketSecret: TicketSecret;
  /** Makes `listener` take the connections that others accept for `config`; returns where that is. */
  readonly listen: (listener: Listener, config: ListenerConfig) => AddressInfo;
}

/** A change of the listeners that is certain to succeed. Exactly one of the two is called. */
export interface ListenerChange {
  /** Makes it. Returns the listeners that have no place in the config any more, still open. */
  commit(): readonly Listener[];
  /** Closes what was opened for it. */
  undo(): Promise<void>;
}

/** The listeners of a gateway by name, from one config to the next. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #places = new Places<Listener>();
  #lastConnection: number;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#lastConnection = options.seat?.idsBehind ?? 0;
  }

  get all(): Listener[] {
    return this.#places.all.map(({ port }) => port);
  }

  /** Where the listener `name` listens. */
  addressOf(name: string): AddressInfo | undefined {
    return this.#places.get(name)?.address;
  }

  /**
   * Binds the ports that are new in `config`, and looks whether the others can go on with it. Nothing has changed then for
   * those who are connected; a port that stays is never closed.
   *
   * @throws Error naming the listener at fault; nothing new is left open then.
   */
  async prepare(config: Config): Promise<ListenerChange> {
    const opened = new Map<string, OpenPlace<Listener>>();
    const undo = async (): Promise<void> => {
      await Promise.all([...opened.values()].map(({ port }) => port.destroy()));
    };
    try {
      for (const one of config.listeners) {
        const listener = this.#create(one, config);
        // A listener that stays has only been made to see whether it can be.
        if (this.#places.tryStaying(one) === undefined) opened.set(one.name, await this.#open(listener, one));
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return { commit: () => this.#commit(config, opened), undo };
  }

  #commit(config: Config, opened: ReadonlyMap<string, OpenPlace<Listener>>): Listener[] {
    for (const one of config.listeners) {
      this.#places.tryStaying(one)?.port.update(this.#optionsOf(one, config));
      const added = opened.get(one.name);
      if (added !== undefined) this.#options.bound(one, added.address);
    }
    return this.#places.replace(config.listeners, opened).map(({ port }) => port);
  }

  async #open(listener: Listener, config: ListenerConfig): Promise<OpenPlace<Listener>> {
    const { seat } = this.#options;
    const address =
      seat?.listen(listener, config) ??
      (await listenOn(`listener ${config.name}`, config, () => listener.listen(config)));
    return { port: listener, place: config, address };
  }

  #create(config: ListenerConfig, whole: Config): Listener {
    const { gate, sink, observer } = this.#options;
    try {
      return new Listener(this.#optionsOf(config, whole), gate, sink, observer);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`listener ${config.name} cannot be set up: ${reason}`, { cause });
    }
  }

  #optionsOf(config: ListenerConfig, { http2, deadlines, limits, trustedProxies }: Config): ListenerOptions {
    const { name, certificates, protocols, proxyProtocol } = config;
    const ticketSecret = this.#options.seat?.ticketSecret;
    return {
      name,
      tls: certificates === undefined ? undefined : { certificates, protocols, ticketSecret },
      protocols,
      proxyProtocol: proxyProtocol ? addressList(trustedProxies) : undefined,
      http2,
      headers: limits,
      deadlines,
      nextConnectionId: this.#nextConnectionId,
    };
  }

  readonly #nextConnectionId = (): number => (this.#lastConnection += 1);
}
