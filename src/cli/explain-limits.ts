import type { Config } from "../gateway/config/config.ts";
import { MaxUnreadBytes } from "../transport/h2/unread-bytes.ts";
import { size } from "./quantities.ts";

const MiB = 1_048_576;

/** What all clients together, each of them, and each connection may have. */
export function explainLimits({ limits, http2, workers }: Config): string[][] {
  const { openingRate } = limits;
  const inEach = workers > 1 ? " in each worker" : "";
  const perAddress = (limit: number | undefined) => (limit === undefined ? "" : `, ${limit} of an address${inEach}`);
  const shared = (total: number) => (workers > 1 ? `${total} (a worker ${Math.ceil(total / workers)})` : String(total));
  return [
    ["connections of clients", `${shared(limits.maxConnections)}${perAddress(limits.maxConnectionsPerAddress)}`],
    ["TLS handshakes at once", `${limits.maxHandshakes}${inEach}`],
    [
      "WebSockets",
      `${shared(limits.maxStreams)}, ${limits.maxStreamsPerConnection} of a connection${perAddress(limits.maxStreamsPerAddress)}`,
    ],
    [
      "openings of an address",
      openingRate === undefined
        ? "no limit"
        : `${openingRate.perSecond} a second, ${openingRate.burst} at once${inEach}`,
    ],
    ["fields of a request", `${limits.maxHeaderCount}, ${size(limits.maxHeaderBytes)}`],
    ["streams of an HTTP/2 connection", String(http2.maxConcurrentStreams)],
    [
      "bytes sent ahead on HTTP/2",
      `${size(http2.streamWindowBytes)} a stream, ${size(http2.connectionWindowBytes)} a connection` +
        (http2.engine === "hawser" ? `, ${size(MaxUnreadBytes)} a process` : ""),
    ],
    ["resets of an HTTP/2 connection", `${http2.resetBurst} at once, ${http2.resetsPerSecond} a second`],
    ...(http2.engine === "node"
      ? [["memory of an HTTP/2 connection", `${size(http2.maxSessionMemoryMiB * MiB)}, then no new streams`]]
      : []),
  ];
}
