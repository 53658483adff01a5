/** A fault of the reference, and the test that shows that it is none here. */
export interface FaultRow {
  /** Its number in the list of the reference's faults. */
  readonly fault: number;
  readonly file: string;
  readonly title: string;
  readonly row?: string;
}

const Machine = "test/protocol/message/connection-machine.test.ts";
const Connection = "test/websocket/connection.test.ts";
const Deadlines = "test/websocket/connection-deadlines.test.ts";
const Ends = "test/websocket/connection-end.test.ts";
const Connections = "test/websocket/server-connections-wire.test.ts";
const Limits = "test/websocket/server-limits-wire.test.ts";
const Rules = "test/websocket/server-rules-wire.test.ts";
const Listen = "test/websocket/server-listen-wire.test.ts";
const Endings = "test/websocket/server-endings-wire.test.ts";
const Receive = "test/websocket/connection-receive.test.ts";
const Parts = "test/websocket/connection-receive-stream.test.ts";
const Keepalive = "test/websocket/connection-keepalive.test.ts";
const Upgrade = "test/protocol/handshake/upgrade.test.ts";
const Codec = "test/protocol/frame/frame-codec.test.ts";
const Message = "test/protocol/message/message.test.ts";
const Deflate = "test/protocol/message/permessage-deflate.test.ts";
const RawDeflate = "test/protocol/message/raw-deflate.test.ts";

const Availability: readonly FaultRow[] = [
  { fault: 1, file: Limits, title: "closes a connection on which $what comes, and serves the others meanwhile" },
  { fault: 2, file: Limits, title: "answers 408 to a request that dribbles in, and serves the others meanwhile" },
  {
    fault: 3,
    file: "test/transport/preface.test.ts",
    title: "every prefix of the preface is undecided, and whatever differs in one byte is not HTTP/2",
  },
  { fault: 4, file: Keepalive, title: "is given up pongMs after it: aborted without a Close, told as 1006" },
  {
    fault: 5,
    file: "test/fault/reconnect-storm.test.ts",
    title: "3 000 TLS clients at once beside 200 live streams",
  },
  {
    fault: 6,
    file: Codec,
    title: "decoding takes time linear in the bytes: 1 MiB byte by byte grows its buffer a few times, not each time",
  },
  {
    fault: 7,
    file: "test/transport/guarded-sink.test.ts",
    title: "what a sink's method throws costs the one request, and the sink is told",
  },
];

const Lifecycle: readonly FaultRow[] = [
  {
    fault: 8,
    file: "test/websocket/server-close-wire.test.ts",
    title: "over HTTP/2 GOAWAY comes behind the last Close, and clients that stay are cut",
  },
  { fault: 9, file: Deadlines, title: "a peer that does not answer our Close is reset after closeMs" },
  {
    fault: 10,
    file: "test/contract/byte-stream-endings.ts",
    title: "sends what was written before the end, however slowly it is read, and asks for no more",
  },
  { fault: 11, file: Machine, title: "a reason too long is cut at a character, and told as it was sent" },
  { fault: 12, file: Machine, title: "a code that may not be sent is refused and changes nothing" },
  { fault: 13, file: Ends, title: "$name", row: "the peer closes with a code and a reason" },
  {
    fault: 14,
    file: Connections,
    title: "whose $method throws is closed with 1011, the server is told, and its neighbour lives on",
    row: `method: "onMessage"`,
  },
  { fault: 15, file: Connection, title: "what came before a broken rule is handed over before it" },
  {
    fault: 16,
    file: Deadlines,
    title: "no message is delivered after our own Close, not even of the same read",
  },
  { fault: 17, file: Ends, title: "$name", row: "onClose throws: too late to matter" },
  { fault: 18, file: Machine, title: "after ours, messages and Pings are dropped and nothing is sent" },
];

const Protocol: readonly FaultRow[] = [
  { fault: 19, file: Message, title: "is refused while the frame still arrives, each byte looked at once" },
  { fault: 20, file: Codec, title: "$name", row: "a frame is refused by its header alone" },
  {
    fault: 21,
    file: "test/protocol/frame/frame-header.test.ts",
    title: "refuses the length $name with $code",
  },
  {
    fault: 22,
    file: Message,
    title: "$name: refused by its header",
    row: "a frame that is too long for what is left",
  },
  {
    fault: 23,
    file: "test/protocol/close-code.test.ts",
    title: "$first to $last may be sent: $sendable ($why)",
    row: "1012–1014 by IANA",
  },
];

const Streams: readonly FaultRow[] = [
  { fault: 24, file: Parts, title: "gives a message as soon as it begins, and the rest as it comes" },
  { fault: 25, file: Receive, title: "by its time, and not before" },
];

const Handshakes: readonly FaultRow[] = [
  { fault: 26, file: Connections, title: "knows what was asked for, by whom, and what authorize has found out" },
  {
    fault: 27,
    file: "test/transport/h1-connection.test.ts",
    title: "refuses another WebSocket version with 426, which names the one it speaks",
  },
  { fault: 28, file: Upgrade, title: "throws rather than let $name inject a line", row: `name: "a path"` },
  { fault: 29, file: Upgrade, title: "refuses $name with $status", row: "two Hosts" },
  { fault: 30, file: Upgrade, title: "refuses $name with $status", row: "version 13abc" },
  { fault: 31, file: Rules, title: "$rule", row: "refuses any other origin as long as nothing else is said" },
  {
    fault: 32,
    file: "test/websocket/client-endings-wire.test.ts",
    title: "that is not answered in time fails, and leaves nothing",
  },
  {
    fault: 33,
    file: "test/protocol/handshake/extension-negotiation.test.ts",
    title: "fails with 1010 on $name",
    row: "two owners of a bit",
  },
];

const Compression: readonly FaultRow[] = [
  { fault: 34, file: RawDeflate, title: "and a bomb is put out before it costs memory" },
  { fault: 35, file: RawDeflate, title: "a message that breaks off, at whatever byte" },
  {
    fault: 36,
    file: "test/protocol/message/permessage-deflate-negotiator.test.ts",
    title: "insists on $name",
    row: "a smaller window of who can be asked",
  },
  {
    fault: 37,
    file: "test/protocol/message/permessage-deflate-parameters.test.ts",
    title: "are refused whole: %j",
  },
  { fault: 38, file: Deflate, title: "the threshold is the caller's, and so is each message" },
];

const Backpressure: readonly FaultRow[] = [
  { fault: 39, file: Connection, title: "ends a connection whose handler never waits, before memory does" },
  {
    fault: 40,
    file: Connection,
    title: "while its promise is open nothing else is handed over or answered, and the peer is held",
  },
  { fault: 41, file: Connection, title: "waits while the peer takes nothing, and goes on when it does" },
];

const Http2: readonly FaultRow[] = [
  {
    fault: 42,
    file: Connections,
    title: "is closed with $code for $fault, told as a failure, and its neighbour lives on",
    row: "a frame without a mask",
  },
  {
    fault: 43,
    file: "test/contract/h2-engine-requests.ts",
    title: "takes no more of a body that nobody reads than its window, and drops a little behind the answer",
  },
  {
    fault: 44,
    file: "test/fault/slow-reader.test.ts",
    title: "holds its backend, costs bounded memory, and its sibling goes on",
  },
  {
    fault: 45,
    file: "test/contract/h2-engine-streams.ts",
    title: "holds a client back that is not read, and not its sibling",
  },
  { fault: 46, file: Ends, title: "$name", row: "the peer ends without a Close" },
  {
    fault: 47,
    file: Endings,
    title: "on which nothing comes is asked by a Ping, and cut when that is not answered",
  },
  { fault: 48, file: "test/contract/h2-engine-ends.ts", title: "ends a connection that resets without end" },
  {
    fault: 49,
    file: Connections,
    title: "whose $method throws is closed with 1011, the server is told, and its neighbour lives on",
    row: `method: "onOpen"`,
  },
  {
    fault: 51,
    file: "test/transport/h2-client-pool.test.ts",
    title: "WebSockets that are opened at once share one connection, and those behind them too",
  },
  { fault: 50, file: Rules, title: "$rule", row: "answers the subprotocol that it prefers" },
];

const Policy: readonly FaultRow[] = [
  { fault: 52, file: Listen, title: "goes to onRequest where there is one" },
  {
    fault: 53,
    file: "test/transport/listener-limits.test.ts",
    title: "clients that are silent, slow, or leave the handshake unfinished keep nobody waiting",
  },
  { fault: 54, file: Limits, title: "those that are being opened count, and no longer when their client has left" },
  {
    fault: 55,
    file: "test/gateway/telemetry/stream-metrics.test.ts",
    title: "sees a stream while it is open, and the same sums after it closed",
  },
  { fault: 56, file: "test/websocket/connection-ping.test.ts", title: "tells how long the Pong took" },
  // A process is one here; what a restart would lose, a reload keeps.
  { fault: 57, file: "test/gateway/reload.test.ts", title: "streams of routes that are the same do not notice" },
  { fault: 65, file: Connection, title: "reach the handler behind onOpen, in order and as what they are" },
  // Both ends ask; and what tests stand on, a pair of streams in memory, is exported.
  { fault: 67, file: Keepalive, title: "is there for ever where both are ours and say nothing" },
  { fault: 66, file: Connections, title: "is handed to for await, each once, and to one loop of several" },
];

/** The faults of the reference, but for those of its cluster. */
export const FaultTable: readonly FaultRow[] = [
  ...Availability,
  ...Lifecycle,
  ...Protocol,
  ...Streams,
  ...Handshakes,
  ...Compression,
  ...Backpressure,
  ...Http2,
  ...Policy,
];
