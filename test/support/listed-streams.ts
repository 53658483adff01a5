import type {
  FrameView,
  GatewayEvent,
  Overview,
  StreamPage,
  StreamQuery,
  StreamsSource,
  StreamView,
} from "../../src/gateway/telemetry/stream-view.ts";

const Quiet = { bytes: 0, frames: 0, messages: 0, bytesPerSecond: 0, messagesPerSecond: 0 };

/** A stream as operators see it, `changes` in place of what it has by itself. */
export function streamView(changes: Partial<StreamView> = {}): StreamView {
  return {
    id: 1,
    worker: 0,
    route: "chat",
    upstream: "backend",
    listener: "main",
    protocol: "h2",
    connectionId: 1,
    streamId: 1,
    client: "192.0.2.1",
    openedAt: 1_700_000_000_000,
    ageMs: 61_000,
    idleMs: 2_000,
    subprotocol: null,
    extensions: null,
    toUpstream: Quiet,
    toClient: Quiet,
    pingMs: null,
    buffered: { toUpstream: 0, toClient: 0 },
    sendWindow: null,
    state: "open",
    ...changes,
  };
}

/** The overview of a gateway, `changes` in place of what it has by itself. */
export function overview(changes: Partial<Overview> = {}): Overview {
  return {
    at: 1_700_000_000_000,
    version: "1.2.3",
    startedAt: 1_699_999_000_000,
    readiness: "ready",
    generation: 1,
    workers: 1,
    silentWorkers: [],
    open: 0,
    connections: { h1: 0, h2: 0 },
    opened: 0,
    closed: 0,
    openings: {},
    closes: {},
    toUpstream: { bytes: 0, messages: 0 },
    toClient: { bytes: 0, messages: 0 },
    openingMs: { p50: null, p99: null },
    pingMs: { p50: null, p99: null },
    routes: [],
    ...changes,
  };
}

/** Streams that a test lists: it says what is seen of them, and hears what was asked. */
export class ListedStreams implements StreamsSource {
  streams: StreamView[];
  readonly queries: StreamQuery[] = [];
  readonly closes: [id: number, code: number][] = [];
  readonly eventListeners = new Set<(event: GatewayEvent) => void>();
  readonly frameListeners = new Set<(frame: FrameView) => void>();
  readonly previews: boolean[] = [];
  readonly #onEnds = new Set<() => void>();
  overviewNow: Overview = overview();

  constructor(streams: readonly StreamView[] = []) {
    this.streams = [...streams];
  }

  list(query: StreamQuery): Promise<StreamPage> {
    this.queries.push(query);
    const page = this.streams.slice(query.offset, query.offset + query.limit);
    const open = this.streams.length;
    return Promise.resolve({ streams: page, matching: open, open, silentWorkers: [] });
  }

  async *each(query: StreamQuery): AsyncGenerator<readonly StreamView[]> {
    this.queries.push(query);
    for (const stream of this.streams) yield await Promise.resolve([stream]);
  }

  find(id: number): Promise<StreamView | undefined> {
    return Promise.resolve(this.streams.find((stream) => stream.id === id));
  }

  async close(id: number, code: number): Promise<boolean> {
    this.closes.push([id, code]);
    return (await this.find(id)) !== undefined;
  }

  overview(): Promise<Overview> {
    return Promise.resolve(this.overviewNow);
  }

  async frames(
    id: number,
    { preview }: { readonly preview: boolean },
    listener: (frame: FrameView) => void,
    onEnd: () => void,
  ): Promise<(() => void) | undefined> {
    if ((await this.find(id)) === undefined) return undefined;
    this.previews.push(preview);
    this.frameListeners.add(listener);
    this.#onEnds.add(onEnd);
    return () => {
      this.frameListeners.delete(listener);
      this.#onEnds.delete(onEnd);
    };
  }

  events(listener: (event: GatewayEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => void this.eventListeners.delete(listener);
  }

  tell(event: GatewayEvent): void {
    for (const listener of this.eventListeners) listener(event);
  }

  pass(frame: FrameView): void {
    for (const listener of this.frameListeners) listener(frame);
  }

  endAll(): void {
    for (const onEnd of this.#onEnds) onEnd();
  }
}
