import type { AddressInfo } from "node:net";
import type { ConnectionGate } from "../../transport/connection-gate.ts";
import { Listener, type ListenerOptions } from "../../transport/listener.ts";
import type { ListenerObserver } from "../../transport/listener-observer.ts";
import type { AcceptorSink } from "../../transport/opening.ts";
import type { Config, HostPort, ListenerConfig } from "../config/config.ts";
import { addressList } from "../routing/address-list.ts";
import { listenOn } from "./bind.ts";

/** What every listener of a gateway has in common. */
export interface ListenersOptions {
  readonly gate: ConnectionGate;
  readonly sink: AcceptorSink;
  readonly observer: ListenerObserver;
  /** Told of each port that has been opened for good. */
  readonly bound: (listener: ListenerConfig, address: AddressInfo) => void;
}

/** A listener that was opened, and what it was opened for. */
interface OpenListener {
  readonly listener: Listener;
  readonly place: HostPort;
  readonly address: AddressInfo;
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
  #byName: ReadonlyMap<string, OpenListener> = new Map();
  #connections = 0;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get all(): Listener[] {
    return [...this.#byName.values()].map(({ listener }) => listener);
  }

  /** Where the listener `name` listens. */
  addressOf(name: string): AddressInfo | undefined {
    return this.#byName.get(name)?.address;
  }

  /**
   * Binds the ports that are new in `config`, and looks whether the others can go on with it. Nothing has changed then for
   * those who are connected; a port that stays is never closed.
   *
   * @throws Error naming the listener at fault; nothing new is left open then.
   */
  async prepare(config: Config): Promise<ListenerChange> {
    const opened = new Map<string, OpenListener>();
    const undo = async (): Promise<void> => {
      await Promise.all([...opened.values()].map(({ listener }) => listener.destroy()));
    };
    try {
      for (const one of config.listeners) {
        const listener = this.#create(one, config);
        // A listener that stays has only been made to see whether it can be.
        if (this.#tryStaying(one) === undefined) opened.set(one.name, await this.#open(listener, one));
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return { commit: () => this.#commit(config, opened), undo };
  }

  #commit(config: Config, opened: ReadonlyMap<string, OpenListener>): Listener[] {
    const byName = new Map<string, OpenListener>();
    for (const one of config.listeners) {
      const staying = this.#tryStaying(one);
      staying?.listener.update(this.#optionsOf(one, config));
      const added = opened.get(one.name);
      if (added !== undefined) this.#options.bound(one, added.address);
      const open = staying ?? added;
      if (open !== undefined) byName.set(one.name, open);
    }
    const kept = new Set(byName.values());
    const retired = [...this.#byName.values()].filter((one) => !kept.has(one));
    this.#byName = byName;
    return retired.map(({ listener }) => listener);
  }

  /** The open listener that `config` speaks of: at the same place, under this name or another one. */
  #tryStaying({ name, host, port }: ListenerConfig): OpenListener | undefined {
    const isThere = ({ place }: OpenListener): boolean => place.host === host && place.port === port;
    const named = this.#byName.get(name);
    if (named !== undefined && isThere(named)) return named;
    return port === 0 ? undefined : [...this.#byName.values()].find(isThere);
  }

  async #open(listener: Listener, config: ListenerConfig): Promise<OpenListener> {
    const address = await listenOn(`listener ${config.name}`, config, () => listener.listen(config));
    return { listener, place: config, address };
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
    return {
      name,
      tls: certificates === undefined ? undefined : { certificates, protocols },
      protocols,
      proxyProtocol: proxyProtocol ? addressList(trustedProxies) : undefined,
      http2,
      headers: limits,
      deadlines,
      nextConnectionId: this.#nextConnectionId,
    };
  }

  readonly #nextConnectionId = (): number => (this.#connections += 1);
}
