import { checkConnectionOptions } from "./connection-options.ts";
import { checkNumbers, Count, Limit, Milliseconds, MaxTimerMs, type NumberRule, PerSecond } from "./number-rules.ts";
import type { DefaultServerOptions, ServerRules } from "./server-options.ts";

/** What HTTP/2 can say of a window or of a number of streams (RFC 9113 §6.5.2), and node:http of a size. */
const MaxInt31 = 2 ** 31 - 1;

const Int31: NumberRule = { ...Count, to: MaxInt31 };

const OwnNumbers = {
  maxConnections: Limit,
  maxConnectionsPerAddress: Limit,
  maxConnectionsPerHttp2Connection: Limit,
  maxBacklog: { ...Limit, from: 0 },
};

const RateNumbers = { perSecond: PerSecond, burst: Count };

type Nested<Group extends keyof typeof DefaultServerOptions> = Readonly<
  Record<Exclude<keyof (typeof DefaultServerOptions)[Group], "engine">, NumberRule>
>;

const HeaderNumbers: Nested<"headers"> = { maxHeaderBytes: Int31, maxHeaderCount: Int31 };

const DeadlineNumbers: Nested<"deadlines"> = {
  handshakeMs: Milliseconds,
  headersMs: Milliseconds,
  answerMs: Milliseconds,
  responseMs: Milliseconds,
  bodyIdleMs: Milliseconds,
  idleConnectionMs: Milliseconds,
};

const TcpNumbers: Nested<"tcp"> = { maxConnections: Limit, maxConnectionsPerAddress: Limit, maxHandshakes: Count };

const Http2Numbers: Nested<"http2"> = {
  maxConcurrentStreams: Int31,
  streamWindowBytes: Int31,
  // A connection begins with so much, which cannot be taken back (RFC 9113 §6.9.2).
  connectionWindowBytes: { ...Int31, from: 65_535 },
  resetBurst: Int31,
  resetsPerSecond: PerSecond,
  maxSessionMemoryMiB: { ...Count, to: 65_536 },
};

const CloseNumbers = { drainMs: { ...Milliseconds, from: 0, infinity: "for ever" } } as const;

/** @throws RangeError for a number of a server, its endpoints included, that is not allowed. */
export function checkServerNumbers(options: ServerRules): void {
  checkConnectionOptions(options);
  checkNumbers(options, OwnNumbers);
  checkNumbers(options.openingRate, RateNumbers, "openingRate.");
  checkNumbers(options.headers, HeaderNumbers, "headers.");
  checkNumbers(options.deadlines, DeadlineNumbers, "deadlines.");
  checkNumbers(options.tcp, TcpNumbers, "tcp.");
  checkNumbers(options.http2, Http2Numbers, "http2.");
  for (const [i, endpoint] of (options.endpoints ?? []).entries()) {
    checkConnectionOptions(endpoint, `endpoints[${i}].`);
    checkNumbers(endpoint, { maxConnections: Limit }, `endpoints[${i}].`);
  }
}

/** The milliseconds that a drain may take, as a timer knows them. @throws RangeError for what is none. */
export function drainTime(drainMs: number): number {
  checkNumbers({ drainMs }, CloseNumbers);
  return Math.min(drainMs, MaxTimerMs);
}
