import { requestFields } from "./h2-session-requests.ts";
import { Differences } from "./h2-session-faults.ts";
import type { SessionView, StreamView } from "./h2-session-engines.ts";

/** What two engines made of the same session, one line for each thing in which they differ and should not. */
export function differencesOf(node: SessionView, hawser: SessionView): string[] {
  const lines: string[] = [];
  const compare = (what: string, one: unknown, other: unknown): void => {
    const [ofNode, ofHawser] = [one, other].map((value) => JSON.stringify(value));
    if (ofNode !== ofHawser) lines.push(`${what}: node ${ofNode}, hawser ${ofHawser}`);
  };
  const listed = Differences.find(({ fault }) => fault === node.fault);
  compare("fault", node.fault, hawser.fault);
  compare("outcome", node.outcome, listed === undefined ? hawser.outcome : listed.node);
  if (listed !== undefined) compare("outcome", listed.hawser, hawser.outcome);
  else compare("connection", node.connection, hawser.connection);
  compare("refusals", told(node), told(hawser));
  compare("errors", node.errors, hawser.errors);
  compare("streams", node.streams.length, hawser.streams.length);
  for (const [at, one] of node.streams.entries()) {
    const other = hawser.streams[at];
    if (other === undefined) continue;
    const [ofNode, ofHawser] =
      isCut(one) || isCut(other) ? [left(one, other), left(other, one)] : [seen(one), seen(other)];
    // Where one engine ends the connection and the other does not, and where the client has left.
    const isEndOpen = listed !== undefined || node.connection === "left";
    for (const [what, value] of Object.entries(ofNode)) {
      if (what === "ends" && isEndOpen) continue;
      compare(`stream ${one.id} ${what}`, value, ofHawser[what]);
    }
  }
  return lines;
}

/** nghttp2 resets a request that breaks a rule by itself, and tells nobody. */
function told({ refusals }: SessionView): readonly string[] {
  return refusals.filter((refusal) => refusal !== "malformed");
}

/** What is there of a stream; its end apart. */
function seen({ client, application }: StreamView): Readonly<Record<string, unknown>> {
  return {
    heads: client.heads,
    bytes: sumOf(client.bytes),
    request: application?.request,
    content: application && sumOf(application.bytes),
    ends: [client.end, eventsOf(client, application?.events ?? [])],
  };
}

/** Of a stream that was reset, only what both have seen is the same: the rest was on its way. */
function left(one: StreamView, other: StreamView): Readonly<Record<string, unknown>> {
  const common = (bytes: Buffer | undefined, others: Buffer | undefined): string =>
    sumOf((bytes ?? Buffer.alloc(0)).subarray(0, others?.length ?? 0));
  return {
    heads: one.client.heads.slice(0, other.client.heads.length),
    bytes: common(one.client.bytes, other.client.bytes),
    request: other.application && one.application?.request,
    content: common(one.application?.bytes, other.application?.bytes),
  };
}

/**
 * The client's reset may cross anything, and the server's its own END_STREAM, which nghttp2 holds back while a window is shut.
 * Trailers that a CONNECT must not have may, too: node:http2 tells of them when what was on its way has left.
 */
function isCut({ client, application }: StreamView): boolean {
  const isConnect = requestFields(client.request).some(([, value]) => value === "CONNECT");
  const isAborted = application?.events.some((event) => event.includes('"aborted"')) === true;
  return client.own === "reset" || isAborted || (client.hasTrailers && isConnect);
}

/**
 * node:http2 tells of a stream that both have ended as of one reset with NO_ERROR where our end leaves with the last bytes; and
 * behind a client's GOAWAY it goes with the last stream, before it has told of that.
 */
function eventsOf({ own, end }: StreamView["client"], events: readonly string[]): readonly string[] {
  if (own !== "ended" || end !== "ended") return events;
  return events.map((event) => (event === '{"type":"reset","code":0}' ? '{"type":"ended"}' : event));
}

function sumOf(bytes: Buffer): string {
  const sum = bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 7);
  return `${bytes.length} bytes ${bytes.subarray(0, 8).toString("hex")} ${sum}`;
}
