import type { StreamPage, StreamView, TrafficView } from "../../src/gateway/telemetry/stream-view.ts";

const Routes = ["chat", "prices", "game", "presence"];
const Extensions = [null, "permessage-deflate", "permessage-deflate; server_no_context_takeover"];

/** `count` streams that look like those of a gateway on some evening, and the same each time. */
export function generatedStreams(count: number, now: number): StreamView[] {
  const random = sequence(7);
  return Array.from({ length: count }, (_, index) => streamOf(index + 1, now, random));
}

/** What `GET /streams` answers to `query`. */
export function pageOf(streams: readonly StreamView[], query: URLSearchParams): StreamPage {
  const text = (name: string): string => query.get(name) ?? "";
  const search = text("search").toLowerCase();
  const matching = streams.filter(
    ({ id, route, upstream, protocol, client, subprotocol }) =>
      ["", route].includes(text("route")) &&
      ["", upstream].includes(text("upstream")) &&
      ["", protocol].includes(text("protocol")) &&
      (search === String(id) || [route, upstream, client ?? "", subprotocol ?? ""].some((one) => one.includes(search))),
  );
  const sign = text("ascending") === "true" ? 1 : -1;
  const key = keyOf(text("order"));
  const offset = Number(text("offset"));
  const sorted = matching.toSorted((one, other) => sign * (key(one) - key(other)) || one.id - other.id);
  const limit = Number(text("limit"));
  return {
    streams: sorted.slice(offset, offset + limit),
    matching: matching.length,
    open: streams.length,
    silentWorkers: [],
  };
}

function keyOf(order: string): (stream: StreamView) => number {
  const both = (read: (traffic: TrafficView) => number) => (stream: StreamView) =>
    read(stream.toUpstream) + read(stream.toClient);
  switch (order) {
    case "age":
      return ({ ageMs }) => ageMs;
    case "bytes":
      return both(({ bytes }) => bytes);
    case "messages":
      return both(({ messages }) => messages);
    case "rate":
      return both(({ bytesPerSecond }) => bytesPerSecond);
    case "idle":
      return ({ idleMs }) => idleMs ?? 0;
    case "buffered":
      return ({ buffered }) => buffered.toUpstream + buffered.toClient;
    default:
      return ({ id }) => id;
  }
}

function streamOf(id: number, now: number, random: () => number): StreamView {
  const ageMs = Math.round(1000 * 10 ** (5 * random()));
  const protocol = random() < 0.8 ? "h2" : "h1";
  const route = Routes[Math.floor(random() * random() * Routes.length)] ?? "chat";
  const traffic = (scale: number): TrafficView => {
    const messagesPerSecond = random() < 0.3 ? 0 : scale * 10 ** (2 * random() - 1);
    const bytesPerSecond = messagesPerSecond * 10 ** (1 + 2.5 * random());
    const messages = Math.round((messagesPerSecond * ageMs) / 1000);
    const bytes = Math.round((bytesPerSecond * ageMs) / 1000);
    return { bytes, frames: messages + 12, messages, bytesPerSecond, messagesPerSecond };
  };
  return {
    ...{ id, worker: 1 + (id % 4), route, upstream: `${route}-backend`, listener: "public", protocol },
    connectionId: protocol === "h2" ? Math.ceil(id / 40) : id,
    streamId: protocol === "h2" ? 2 * (id % 40) + 1 : 0,
    client: `203.0.113.${id % 256}`,
    openedAt: now - ageMs,
    ageMs,
    idleMs: random() < 0.02 ? null : Math.round(ageMs * random() * random() * random()),
    subprotocol: random() < 0.5 ? `${route}.v2` : null,
    extensions: Extensions[Math.floor(random() * 3)] ?? null,
    toUpstream: traffic(1),
    toClient: traffic(6),
    pingMs: random() < 0.1 ? null : 4 + 180 * random() ** 3,
    buffered: { toUpstream: 0, toClient: random() < 0.9 ? 0 : Math.round(65_536 * random()) },
    sendWindow: protocol === "h2" ? Math.round(65_535 * (0.4 + 0.6 * random())) : null,
    state: random() < 0.01 ? "closing" : "open",
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
