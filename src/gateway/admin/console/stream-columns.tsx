import type { ComponentChild } from "preact";
import type { StreamOrder, StreamView } from "../../telemetry/stream-view.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatLatency,
  formatRate,
  Nothing,
} from "./formatting.ts";

/** One column of the table of streams. */
export interface StreamColumn {
  readonly name: string;
  /** Says what it is, with its unit. */
  readonly title: string;
  /** By what one sorts with it. */
  readonly order?: StreamOrder;
  /** Class of its cells: `number` aligns right, `wide` and `wider` leave where there is no room. */
  readonly kind: string;
  readonly cell: (stream: StreamView) => ComponentChild;
}

/** Bytes per second of both directions. */
function rateOf({ toUpstream, toClient }: StreamView): number {
  return toUpstream.bytesPerSecond + toClient.bytesPerSecond;
}

/** All but the first, which is the link to the stream. */
export const StreamColumns: readonly StreamColumn[] = [
  { name: "route", title: "route of the config", kind: "name", cell: ({ route }) => route },
  { name: "upstream", title: "upstream of the config", kind: "name wide", cell: ({ upstream }) => upstream },
  { name: "via", title: "HTTP version of the client", kind: "short", cell: ({ protocol }) => protocol },
  { name: "client", title: "address of the client", kind: "name wider", cell: ({ client }) => client ?? Nothing },
  {
    name: "age",
    title: "time since it was opened",
    order: "age",
    kind: "number",
    cell: ({ ageMs }) => formatDuration(ageMs),
  },
  {
    name: "idle",
    title: "time since the last frame of either side",
    order: "idle",
    kind: "number wide",
    cell: ({ idleMs }) => formatDuration(idleMs),
  },
  {
    name: "rate",
    title: "bytes per second, both directions",
    order: "rate",
    kind: "number",
    cell: (stream) => `${formatBytes(rateOf(stream))}/s`,
  },
  {
    name: "msg/s",
    title: "messages per second, both directions",
    kind: "number wider",
    cell: ({ toUpstream, toClient }) => formatRate(toUpstream.messagesPerSecond + toClient.messagesPerSecond),
  },
  {
    name: "bytes",
    title: "bytes of frames so far, both directions",
    order: "bytes",
    kind: "number wide",
    cell: ({ toUpstream, toClient }) => formatBytes(toUpstream.bytes + toClient.bytes),
  },
  {
    name: "messages",
    title: "messages begun so far, both directions",
    order: "messages",
    kind: "number wide",
    cell: ({ toUpstream, toClient }) => formatCount(toUpstream.messages + toClient.messages),
  },
  {
    name: "buffered",
    title: "bytes that the gateway holds for it, both directions",
    order: "buffered",
    kind: "number wide",
    cell: ({ buffered }) => formatBytes(buffered.toUpstream + buffered.toClient),
  },
  {
    name: "ping",
    title: "round trip of the last Ping that was answered",
    kind: "number wider",
    cell: ({ pingMs }) => formatLatency(pingMs),
  },
  { name: "state", title: "open, or in its closing handshake", kind: "short wider", cell: ({ state }) => state },
];

/** How many streams a table has found, in words. */
export function countText(matching: number, open: number): string {
  const all = `${formatExact(open)} open`;
  return matching === open ? all : `${formatExact(matching)} of ${all}`;
}
