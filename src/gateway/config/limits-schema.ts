import { z } from "zod";
import { H2EngineNames } from "../../transport/h2-acceptor.ts";
import { count, fraction, limit, MaxInt31, milliseconds, number, oneOf } from "./schema-parts.ts";

const MiB = 1_048_576;
const GiB = 1_073_741_824;

/** `limits`. */
export const LimitsSchema = z.strictObject({
  maxConnections: count("connections", { from: 1, to: MiB, standard: 16_384 }).describe(
    "Connections of clients in all. One more is reset.",
  ),
  maxConnectionsPerAddress: limit("connections", { from: 1, to: MiB })
    .prefault("off")
    .describe("Connections of one client address. One more is reset."),
  maxHandshakes: count("handshakes", { from: 1, to: 65_536, standard: 16 }).describe(
    "TLS handshakes at work at once, so that a storm of them does not stall open streams. Others wait within `handshakeMs`.",
  ),
  maxStreams: count("WebSockets", { from: 1, to: 16 * MiB, standard: 32_768 }).describe(
    "WebSockets in all. One more is answered 503.",
  ),
  maxStreamsPerConnection: count("WebSockets", { from: 1, to: 65_536, standard: 256 }).describe(
    "WebSockets on one connection. One more is answered 429.",
  ),
  maxStreamsPerAddress: limit("WebSockets", { from: 1, to: 16 * MiB })
    .prefault("off")
    .describe("WebSockets of one client address. One more is answered 429."),
  openingsPerSecond: limit("openings", { from: 1, to: MiB })
    .prefault("off")
    .describe("WebSockets that one client address may open a second in the long run. More are answered 429."),
  openingBurst: count("openings", { from: 1, to: MiB, standard: 100 }).describe(
    "WebSockets it may open at once, with `openingsPerSecond`.",
  ),
  maxHeaderBytes: count("bytes", { from: 1_024, to: MiB, standard: 16_384 }).describe(
    "Fields of a request, with 32 bytes for each as HTTP/2 counts them. More is answered 431.",
  ),
  maxHeaderCount: count("fields", { from: 8, to: 65_536, standard: 256 }).describe(
    "Fields of a request. More are answered 431.",
  ),
});

const MaxMessageBytes = limit("bytes", { from: 1, to: GiB }).describe(
  "Message on the wire (compressed, where it is). A larger one is closed with 1009.",
);
const MaxFrameBytes = limit("bytes", { from: 1, to: GiB }).describe("Frame. A larger one is closed with 1009.");
const MaxFragments = limit("fragments", { from: 1, to: MiB }).describe(
  "Fragments of one message. More are closed with 1008.",
);
const MaxBufferedBytes = number("bytes", { from: 1_024, to: GiB }).describe(
  "Bytes that wait here for a receiver: at it a relay holds its sender back, a handler's WebSocket is closed with 1013.",
);
const IdleMs = limit("milliseconds", { from: 1, to: MaxInt31 }).describe(
  "Time without a frame either way; then Close 1001.",
);
const MaxAgeMs = limit("milliseconds", { from: 1, to: MaxInt31 }).describe("Age of a WebSocket; then Close 1012.");
const MaxAgeJitter = fraction().describe(
  "Part of `maxAgeMs`, at most, by which a random one ends earlier: so not all come back at once.",
);

/** `relays`: for WebSockets to upstreams. */
export const RelaysSchema = z.strictObject({
  maxMessageBytes: MaxMessageBytes.prefault("off"),
  maxFrameBytes: MaxFrameBytes.prefault("off"),
  maxFragments: MaxFragments.prefault("off"),
  maxBufferedBytes: MaxBufferedBytes.default(65_536),
  idleMs: IdleMs.prefault("off"),
  maxAgeMs: MaxAgeMs.prefault("off"),
  maxAgeJitter: MaxAgeJitter.default(0.1),
});

/** `handlers`: for WebSockets to handlers in this process. */
export const HandlersSchema = z.strictObject({
  compress: z
    .boolean({ error: "true or false" })
    .default(false)
    .describe(
      "Whether permessage-deflate is agreed to: fewer bytes for CPU, and up to 64 KiB of memory for each WebSocket.",
    ),
  maxMessageBytes: MaxMessageBytes.prefault(MiB),
  maxFrameBytes: MaxFrameBytes.prefault("off"),
  maxFragments: MaxFragments.prefault(1_024),
  maxBufferedBytes: MaxBufferedBytes.default(16 * MiB),
  idleMs: IdleMs.prefault(300_000),
  maxAgeMs: MaxAgeMs.prefault("off"),
  maxAgeJitter: MaxAgeJitter.default(0.1),
});

/** `limits` of a route: what it has is in place of `relays` or `handlers`. */
export const RouteLimitsSchema = z.strictObject({
  maxMessageBytes: MaxMessageBytes.exactOptional(),
  maxFrameBytes: MaxFrameBytes.exactOptional(),
  maxFragments: MaxFragments.exactOptional(),
  maxBufferedBytes: MaxBufferedBytes.exactOptional(),
  idleMs: IdleMs.exactOptional(),
  maxAgeMs: MaxAgeMs.exactOptional(),
  maxAgeJitter: MaxAgeJitter.exactOptional(),
});

/** `http2`. */
export const Http2Schema = z.strictObject({
  engine: oneOf(H2EngineNames)
    .default("hawser")
    .describe(
      "Who frames it, also towards upstreams: `hawser` itself, which costs less and keeps budgets, or `node`, that is node:http2.",
    ),
  maxConcurrentStreams: count("streams", { from: 1, to: 65_536, standard: 256 }).describe(
    "Streams one connection may have open at once. Browsers queue what is above.",
  ),
  streamWindowBytes: count("bytes", { from: 1_024, to: MaxInt31, standard: MiB }).describe(
    "Bytes one stream may send ahead of its upstream: the most a slow upstream holds in memory here. `hawser` begins with 65535, and lets it grow as the upstream takes them.",
  ),
  connectionWindowBytes: count("bytes", { from: 65_535, to: MaxInt31, standard: 16 * MiB }).describe(
    "Bytes all streams of a connection may send ahead together. With `hawser` the stream that holds most is reset beyond it.",
  ),
  resetBurst: count("resets", { from: 1, to: MaxInt31, standard: 1_024 }).describe(
    "Streams a client may reset at once before it loses its connection; at least 4 × maxConcurrentStreams.",
  ),
  resetsPerSecond: count("resets", { from: 1, to: MaxInt31, standard: 256 }).describe(
    "Resets per second that a client regains.",
  ),
  maxSessionMemoryMiB: count("MiB", { from: 1, to: 4_096, standard: 128 }).describe(
    "Memory one connection may take before new streams are refused. `node` alone needs it.",
  ),
});

/** `deadlines`. */
export const DeadlinesSchema = z.strictObject({
  handshakeMs: milliseconds(10_000).describe(
    "From TCP accept to PROXY header and TLS done and, on HTTP/2, the client's SETTINGS read.",
  ),
  headersMs: milliseconds(10_000).describe("For one block of request fields."),
  answerMs: milliseconds(30_000).describe("From an opening's fields to its answer; then 504."),
  responseMs: milliseconds(120_000).describe(
    "From an ordinary request, read whole, to its response's start; then 504.",
  ),
  bodyIdleMs: milliseconds(60_000).describe("For a side that neither sends nor takes the next part of a body it owes."),
  idleConnectionMs: milliseconds(300_000).describe("For a connection with nothing open on it."),
  closeMs: milliseconds(5_000).describe(
    "For a Close to leave and to be answered, and as long again for the end behind it; then the stream is reset.",
  ),
  writeStallMs: milliseconds(60_000).describe(
    "For a side that takes no bytes while there are some for it; then it is closed with 1013.",
  ),
  drainMs: milliseconds(30_000).describe("From the stop signal until streams that are still open are cut."),
  closeSpreadMs: count("milliseconds", { from: 0, to: 86_400_000, standard: 10_000 }).describe(
    "Over which a drain or a reload spreads its Closes at most; a few streams take less, 10 ms each.",
  ),
});
