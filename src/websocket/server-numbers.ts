import { Count, Limit, Milliseconds, type NumberRule, PerSecond } from "./number-rules.ts";
import type { DefaultServerOptions } from "./server-options.ts";

/** What HTTP/2 can say of a window or of a number of streams (RFC 9113 §6.5.2), and node:http of a size. */
const MaxInt31 = 2 ** 31 - 1;

const Int31: NumberRule = { ...Count, to: MaxInt31 };

/** Of `openingRate`. */
export const RateNumbers = { perSecond: PerSecond, burst: Count };

type Nested<Group extends keyof typeof DefaultServerOptions> = Readonly<
  Record<Exclude<keyof (typeof DefaultServerOptions)[Group], "engine">, NumberRule>
>;

/** Of `headers`. */
export const HeaderNumbers: Nested<"headers"> = { maxHeaderBytes: Int31, maxHeaderCount: Int31 };

/** Of `deadlines`. */
export const DeadlineNumbers: Nested<"deadlines"> = {
  handshakeMs: Milliseconds,
  headersMs: Milliseconds,
  answerMs: Milliseconds,
  responseMs: Milliseconds,
  bodyIdleMs: Milliseconds,
  idleConnectionMs: Milliseconds,
};

/** Of `tcp`. */
export const TcpNumbers: Nested<"tcp"> = {
  maxConnections: Limit,
  maxConnectionsPerAddress: Limit,
  maxHandshakes: Count,
};

/** Of `http2`. */
export const Http2Numbers: Nested<"http2"> = {
  maxConcurrentStreams: Int31,
  streamWindowBytes: Int31,
  // A connection begins with so much, which cannot be taken back (RFC 9113 §6.9.2).
  connectionWindowBytes: { ...Int31, from: 65_535 },
  resetBurst: Int31,
  resetsPerSecond: PerSecond,
  maxSessionMemoryMiB: { ...Count, to: 65_536 },
};
