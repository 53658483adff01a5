import type { AddressInfo } from "node:net";
import type { HostPort, ListenerConfig } from "../config/config.ts";

/** A port that is open, and what for. */
export interface OpenPlace<Port> {
  readonly port: Port;
  readonly place: HostPort;
  readonly address: AddressInfo;
}

/** The ports that are open for the listeners of a config, by name, from one config to the next. */
export class Places<Port> {
  #byName: ReadonlyMap<string, OpenPlace<Port>> = new Map();

  get all(): OpenPlace<Port>[] {
    return [...this.#byName.values()];
  }

  /** Each with the name of its listener. */
  get named(): [name: string, place: OpenPlace<Port>][] {
    return [...this.#byName];
  }

  /** The one of the listener `name`. */
  get(name: string): OpenPlace<Port> | undefined {
    return this.#byName.get(name);
  }

  /** The open port that a config speaks of: at the same place, under this name or another one. */
  tryStaying({ name, host, port }: ListenerConfig): OpenPlace<Port> | undefined {
    const isThere = ({ place }: OpenPlace<Port>): boolean => place.host === host && place.port === port;
    const named = this.#byName.get(name);
    if (named !== undefined && isThere(named)) return named;
    return port === 0 ? undefined : this.all.find(isThere);
  }

  /** What `replace` would make of it. */
  after(
    listeners: readonly ListenerConfig[],
    opened: ReadonlyMap<string, OpenPlace<Port>>,
  ): [name: string, place: OpenPlace<Port>][] {
    return listeners.flatMap((one): [string, OpenPlace<Port>][] => {
      const place = this.tryStaying(one) ?? opened.get(one.name);
      return place === undefined ? [] : [[one.name, place]];
    });
  }

  /** From now on those of `listeners` are there: what stays, and what was `opened`. Returns what has no place any more. */
  replace(listeners: readonly ListenerConfig[], opened: ReadonlyMap<string, OpenPlace<Port>>): OpenPlace<Port>[] {
    const before = this.all;
    this.#byName = new Map(this.after(listeners, opened));
    const kept = new Set(this.all);
    return before.filter((one) => !kept.has(one));
  }
}
