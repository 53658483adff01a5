import { MessageSizes } from "../../protocol/frame/message-sizes.ts";
import { heldMsOf, Traffic } from "../../protocol/frame/traffic.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";
import { closeCodeLabel, type CloseCodeLabel } from "./close-code-label.ts";
import { Observations, type Distribution } from "./distribution.ts";
import { KnownNames } from "./known-names.ts";

/** The HTTP version a client came with, as labels and log lines name it. */
export const Protocols = ["h1", "h2"] as const;
export type Protocol = (typeof Protocols)[number];

/** The protocol of a client's connection. */
export function protocolOf({ httpVersion }: Pick<ConnectionFacts, "httpVersion">): Protocol {
  return httpVersion === "2" ? "h2" : "h1";
}

/** Names from the config, or of a built-in handler: never anything the wire said. */
export interface RouteLabels {
  readonly route: string;
  readonly upstream: string;
}

/** What is known of a WebSocket when it opens. */
export interface StreamFacts extends RouteLabels {
  readonly protocol: Protocol;
  /** The client's TCP connection, numbered like the streams. */
  readonly connectionId: number;
  /** RFC 9113 stream identifier; 0 on HTTP/1.1. */
  readonly streamId: number;
}

/** What ended a WebSocket; the failure table in the README says which event counts as which. */
export const CloseCauses = [
  "close-frame",
  "end-without-close",
  "reset",
  "connection-lost",
  "rule-broken",
  "stalled",
  "pong-timeout",
  "close-deadline",
  "drain",
  "limit",
  "idle",
  "max-age",
  "route-changed",
  "route-removed",
  "listener-removed",
  "operator",
  "handler-error",
] as const;
export type CloseCause = (typeof CloseCauses)[number];

/** How a WebSocket ended: who began it, the close code (1005: a Close without one; 1006: no Close), and why. */
export interface StreamClose {
  readonly initiator: "client" | "upstream" | "gateway";
  readonly code: number;
  readonly cause: CloseCause;
}

/** One WebSocket from its answer to its end. Whoever moves its bytes adds to the two {@link Traffic} objects. */
export interface StreamRecord extends StreamFacts {
  /** Counts up within the process, and is another in each worker. */
  readonly id: number;
  /** Milliseconds since the epoch, by the registry's clock. */
  readonly openedAt: number;
  readonly toUpstream: Traffic;
  readonly toClient: Traffic;
  /** Round trip of the last Ping that was answered, in milliseconds; `null` where none was. */
  readonly pingMs: number | null;
  /** A Ping was answered after `ms`, whoever had sent it. */
  pingAnswered(ms: number): void;
  /** Ends the record. What is counted afterwards is not seen; a second call does nothing. */
  close(ending: StreamClose): void;
}

/** Told of each stream within the call that opens or closes it. `now` is by the registry's clock. */
export interface StreamObserver {
  opened?(record: StreamRecord, now: number): void;
  closed?(record: StreamRecord, ending: StreamClose, now: number): void;
  /** The sums of a route that left the config long ago are gone. */
  forgot?(route: RouteLabels): void;
}

/** Closes that went alike, and how many there were. */
export interface CloseCount extends Omit<StreamClose, "code"> {
  readonly code: CloseCodeLabel;
  readonly count: number;
}

/** What one route, upstream and protocol has carried: ended and live streams together. */
export interface StreamTotals extends RouteLabels {
  readonly protocol: Protocol;
  readonly open: number;
  readonly opened: number;
  readonly toUpstream: Traffic;
  readonly toClient: Traffic;
  readonly closes: readonly CloseCount[];
  /** Of whole messages, in bytes by `MessageSizeEdges`. */
  readonly sizesToUpstream: Distribution;
  readonly sizesToClient: Distribution;
  /** Round trips of Pings, in seconds by {@link PingEdges}. */
  readonly pings: Distribution;
}

/** Seconds: from a neighbour to the other side of the world, then networks that are full or gone for a while. */
export const PingEdges = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5] as const;

/** Time that never steps back, counted on from the wall clock: durations hold when the machine's time is set anew. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();

/**
 * Every WebSocket that lives, and the sums of those that ended. A stream counts into its own record by plain additions;
 * when it closes the record leaves `live` and enters the sums in one step, so `totals` never counts it twice or loses it.
 */
export class StreamRegistry {
  readonly #now: () => number;
  readonly #live = new Set<OpenStream>();
  readonly #groups = new Map<string, Group>();
  /** The group of the stream that opened last: mostly the next one's too. */
  #lastGroup: Group | undefined;
  readonly #observers: StreamObserver[] = [];
  readonly #routes = new KnownNames();
  #lastId: number;

  /** @param idsBehind - streams are numbered from behind it. */
  constructor({ now = steadyNow, idsBehind = 0 }: { readonly now?: () => number; readonly idsBehind?: number } = {}) {
    this.#now = now;
    this.#lastId = idsBehind;
  }

  /**
   * The routes that the config has from now on. New ones are reported with zeros: a rate over a counter that first appears
   * with its first event misses that event. The last hundred that left it keep their sums, and so does any with a stream open.
   */
  know(routes: readonly RouteLabels[]): void {
    const isIdle = (key: string) => this.#groupsOf(key).every(({ open }) => open === 0);
    for (const key of this.#routes.replace(routes.map(routeKey), isIdle)) this.#forget(key);
    for (const route of routes) for (const protocol of Protocols) this.#group({ ...route, protocol });
  }

  /** The streams that are open now, in the order they were opened. */
  get live(): ReadonlySet<StreamRecord> {
    return this.#live;
  }

  /** From now on tells `observer` of each stream; observers stay for the registry's life. */
  observe(observer: StreamObserver): void {
    this.#observers.push(observer);
  }

  /** Begins the record of a WebSocket that was just answered. Its owner must `close` it, whatever happens. */
  open(facts: StreamFacts): StreamRecord {
    const group = this.#lastGroup?.has(facts) === true ? this.#lastGroup : this.#group(facts);
    this.#lastGroup = group;
    const now = this.#now();
    const record = new OpenStream(facts, (this.#lastId += 1), now, group, this.#close);
    group.opened += 1;
    group.open += 1;
    this.#live.add(record);
    for (const observer of this.#observers) observer.opened?.(record, now);
    return record;
  }

  /** A copy of all sums as they are now, live streams included. Costs time in proportion to the live streams. */
  totals(): StreamTotals[] {
    const sums = new Map([...this.#groups.values()].map((group) => [group, group.copy()]));
    for (const record of this.#live) {
      const sum = sums.get(record.group);
      if (sum) addRecord(sum, record);
    }
    return [...sums.values()];
  }

  readonly #close = (record: OpenStream, ending: StreamClose): void => {
    if (!this.#live.delete(record)) return;
    record.group.fold(record, ending);
    const now = this.#now();
    for (const observer of this.#observers) observer.closed?.(record, ending, now);
  };

  #forget(route: string): void {
    const [group] = this.#groupsOf(route);
    this.#lastGroup = undefined;
    for (const protocol of Protocols) this.#groups.delete(groupKey(route, protocol));
    if (group) for (const observer of this.#observers) observer.forgot?.(group.labels);
  }

  #groupsOf(route: string): Group[] {
    return Protocols.flatMap((protocol) => this.#groups.get(groupKey(route, protocol)) ?? []);
  }

  #group({ route, upstream, protocol }: RouteLabels & { readonly protocol: Protocol }): Group {
    const key = groupKey(routeKey({ route, upstream }), protocol);
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = new Group(route, upstream, protocol)));
    return group;
  }
}

function routeKey({ route, upstream }: RouteLabels): string {
  return JSON.stringify([route, upstream]);
}

function groupKey(route: string, protocol: Protocol): string {
  return `${protocol} ${route}`;
}

/** What `totals` tells of one route, upstream and protocol, without the traffic of live streams. */
class Group {
  readonly labels: RouteLabels & { readonly protocol: Protocol };
  open = 0;
  opened = 0;
  readonly #toUpstream = new Traffic();
  readonly #toClient = new Traffic();
  readonly #closes = new Map<string, CloseCount>();
  readonly sizesToUpstream = new MessageSizes();
  readonly sizesToClient = new MessageSizes();
  readonly pings = new Observations(PingEdges);

  constructor(route: string, upstream: string, protocol: Protocol) {
    this.labels = { route, upstream, protocol };
  }

  /** Says whether streams like `facts` are counted here. */
  has({ route, upstream, protocol }: StreamFacts): boolean {
    const { labels } = this;
    return labels.route === route && labels.upstream === upstream && labels.protocol === protocol;
  }

  /** Takes a record that ended into the sums. */
  fold(record: StreamRecord, { initiator, code, cause }: StreamClose): void {
    this.open -= 1;
    addRecord({ toUpstream: this.#toUpstream, toClient: this.#toClient }, record);
    const label = closeCodeLabel(code);
    const key = `${initiator} ${label} ${cause}`;
    const count = (this.#closes.get(key)?.count ?? 0) + 1;
    this.#closes.set(key, { initiator, code: label, cause, count });
  }

  /** The counts of streams, and the sums of those that ended. */
  copy(): StreamTotals {
    const sums = { toUpstream: new Traffic(), toClient: new Traffic() };
    addRecord(sums, { toUpstream: this.#toUpstream, toClient: this.#toClient });
    const { labels, open, opened, sizesToUpstream, sizesToClient, pings } = this;
    return {
      ...labels,
      ...sums,
      open,
      opened,
      closes: [...this.#closes.values()],
      sizesToUpstream,
      sizesToClient,
      pings,
    };
  }
}

class OpenStream implements StreamRecord {
  readonly route: string;
  readonly upstream: string;
  readonly protocol: Protocol;
  readonly connectionId: number;
  readonly streamId: number;
  readonly id: number;
  readonly openedAt: number;
  readonly group: Group;
  readonly toUpstream: Traffic;
  readonly toClient: Traffic;
  pingMs: number | null = null;
  readonly #onClose: (record: OpenStream, ending: StreamClose) => void;

  constructor(
    facts: StreamFacts,
    id: number,
    openedAt: number,
    group: Group,
    onClose: (record: OpenStream, ending: StreamClose) => void,
  ) {
    this.route = facts.route;
    this.upstream = facts.upstream;
    this.protocol = facts.protocol;
    this.connectionId = facts.connectionId;
    this.streamId = facts.streamId;
    this.id = id;
    this.openedAt = openedAt;
    this.group = group;
    this.toUpstream = new Traffic(group.sizesToUpstream);
    this.toClient = new Traffic(group.sizesToClient);
    this.#onClose = onClose;
  }

  pingAnswered(ms: number): void {
    this.pingMs = ms;
    this.group.pings.observe(ms / 1000);
  }

  close(ending: StreamClose): void {
    this.#onClose(this, ending);
  }
}

type BothWays = Pick<StreamRecord, "toUpstream" | "toClient">;

function addRecord(sum: BothWays, part: BothWays): void {
  addTraffic(sum.toUpstream, part.toUpstream);
  addTraffic(sum.toClient, part.toClient);
}

function addTraffic(sum: Traffic, part: Traffic): void {
  sum.bytes += part.bytes;
  sum.continuation += part.continuation;
  sum.text += part.text;
  sum.binary += part.binary;
  sum.close += part.close;
  sum.ping += part.ping;
  sum.pong += part.pong;
  sum.heldMs += heldMsOf(part, performance.now());
}
