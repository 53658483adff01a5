import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { SeenStream } from "./seen-streams.ts";
import type { StreamActivity } from "./stream-activity.ts";
import type { StreamQuery, StreamView, TrafficView } from "./stream-view.ts";
import { framesOf, messagesOf } from "./traffic-sums.ts";

/** Who shows streams, to whom, and when: `now` is by the clock of the stream registry. */
export interface ShownBy {
  readonly worker: number;
  readonly showsClients: boolean;
  readonly activity: StreamActivity;
  readonly now: number;
}

/** `stream` as operators see it at this moment. */
export function describeStream(stream: SeenStream, { worker, showsClients, activity, now }: ShownBy): StreamView {
  const { record, listener, client, subprotocol = null, extensions = null, moment } = stream;
  const rates = activity.ratesOf(record);
  return {
    id: record.id,
    worker,
    route: record.route,
    upstream: record.upstream,
    listener,
    protocol: record.protocol,
    connectionId: record.connectionId,
    streamId: record.streamId,
    client: showsClients ? client : null,
    openedAt: Math.round(record.openedAt),
    ageMs: Math.max(0, Math.round(now - record.openedAt)),
    idleMs: roundedOrNull(activity.tryIdleMs(record, now)),
    subprotocol,
    extensions,
    toUpstream: trafficView(record.toUpstream, rates.bytesToUpstream, rates.messagesToUpstream),
    toClient: trafficView(record.toClient, rates.bytesToClient, rates.messagesToClient),
    pingMs: record.pingMs,
    buffered: { toUpstream: moment.bufferedToUpstream, toClient: moment.bufferedToClient },
    // What was granted can be taken back, more than was left of it (RFC 9113 §6.9.2).
    sendWindow: moment.sendWindow === null ? null : Math.max(0, moment.sendWindow),
    state: moment.state,
  };
}

/** Whether `stream` is one that `query` asks for; by the addresses of clients only where they are shown. */
export function fitsQuery(
  { record, subprotocol, client }: SeenStream,
  { route, upstream, protocol, search }: StreamQuery,
  { showsClients }: Pick<ShownBy, "showsClients">,
): boolean {
  if (route !== undefined && record.route !== route) return false;
  if (upstream !== undefined && record.upstream !== upstream) return false;
  if (protocol !== undefined && record.protocol !== protocol) return false;
  if (search === undefined || search === "") return true;
  if (record.route.includes(search) || record.upstream.includes(search)) return true;
  if (subprotocol?.includes(search) === true || (showsClients && client.includes(search))) return true;
  return String(record.id) === search;
}

/** The number by which `stream` is ranked: the largest is the first, unless one asks for the opposite. */
export function rankKey(
  { record, moment }: SeenStream,
  order: StreamQuery["order"],
  { activity, now }: Pick<ShownBy, "activity" | "now">,
): number {
  switch (order) {
    case "age":
      return -record.openedAt;
    case "bytes":
      return record.toUpstream.bytes + record.toClient.bytes;
    case "messages":
      return messagesOf(record.toUpstream) + messagesOf(record.toClient);
    case "rate": {
      const { bytesToUpstream, bytesToClient } = activity.ratesOf(record);
      return bytesToUpstream + bytesToClient;
    }
    case "idle":
      return activity.tryIdleMs(record, now) ?? now - record.openedAt;
    case "buffered":
      return moment.bufferedToUpstream + moment.bufferedToClient;
    case "id":
      return record.id;
    default:
      return order satisfies never;
  }
}

function trafficView(traffic: Traffic, bytesPerSecond: number, messagesPerSecond: number): TrafficView {
  return {
    bytes: traffic.bytes,
    frames: framesOf(traffic),
    messages: messagesOf(traffic),
    bytesPerSecond: Math.round(bytesPerSecond),
    messagesPerSecond: Math.round(messagesPerSecond * 100) / 100,
  };
}

function roundedOrNull(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.round(milliseconds);
}
