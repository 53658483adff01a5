import { AbnormalClose } from "./overview.ts";
import type { DashboardSpec } from "./panel-spec.ts";
import { AnyProtocol, BusyStream, Gateway, quantile, Route, share, Stream, sumOf, sumRate } from "./promql.ts";

/** What goes through the WebSockets, and how they end. */
export const Streams: DashboardSpec = {
  uid: "hawser-streams",
  title: "hawser / Streams",
  description: "What goes through the WebSockets while they are open, what slows them down, and how they end.",
  filters: ["route", "upstream", "protocol"],
  rows: [
    {
      title: "Open",
      number: 10,
      panels: [
        {
          kind: "series",
          title: "Open streams by route and HTTP version",
          shows: "WebSockets that are open now.",
          good: "Browsers are on h2 where the listener has TLS.",
          act: "Much h1 on a TLS listener: something before the gateway speaks HTTP/1.1 only, or a client pins its version.",
          width: 12,
          unit: "short",
          stacked: true,
          queries: [
            { expr: sumOf(`hawser_streams_open{${Stream}}`, "route, protocol"), legend: "{{route}} {{protocol}}" },
          ],
        },
        {
          kind: "series",
          title: "Opened and ended",
          shows: "WebSockets that open and end each second.",
          good: "The two lines lie on each other.",
          act: "Both high at once: clients reconnect in a loop. How long streams last, below, has a full bucket where they are cut.",
          width: 12,
          unit: "cps",
          queries: [
            { expr: sumRate("hawser_streams_opened_total", Stream), legend: "opened" },
            { expr: sumRate("hawser_stream_closes_total", Stream), legend: "ended" },
          ],
        },
      ],
    },
    {
      title: "Traffic",
      number: 20,
      panels: [
        {
          kind: "series",
          title: "Messages by route",
          shows: "Messages that began to pass each second.",
          good: "It moves with the open streams of the route.",
          act: "A route that went silent: its upstream is stuck. One that jumped: a client repeats itself.",
          width: 12,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_stream_messages_total", Stream, "route, direction"),
              legend: "{{route}} {{direction}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Bytes by route",
          shows: "Bytes of frames each second, their headers included.",
          good: "It moves with the messages.",
          act: "/metrics/streams names the streams with most traffic; hawser tail shows the frames of one.",
          width: 12,
          unit: "Bps",
          queries: [
            {
              expr: sumRate("hawser_stream_bytes_total", Stream, "route, direction"),
              legend: "{{route}} {{direction}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Frames by opcode",
          shows: "Frames each second by opcode (RFC 6455 section 5.2).",
          good: "Text or binary leads; ping and pong are few and as many as each other.",
          act: "Pings without pongs: clients are gone or stuck. Much continuation: a sender cuts its messages needlessly small.",
          width: 8,
          unit: "cps",
          queries: [{ expr: sumRate("hawser_stream_frames_total", Stream, "opcode"), legend: "{{opcode}}" }],
        },
        {
          kind: "series",
          title: "Message size",
          shows: "Sizes of whole messages, estimated from buckets.",
          good: "p99 well below maxMessageBytes of the route.",
          act: "If it grows, ask what changed in the application before you raise the limit.",
          width: 8,
          unit: "bytes",
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, "hawser_message_bytes", AnyProtocol, "direction"),
            legend: `p${q * 100} {{direction}}`,
          })),
        },
        {
          kind: "heatmap",
          title: "Message sizes over time",
          shows: "How many messages have which size; darker is more.",
          good: "A stable pattern.",
          act: "A new band is a new kind of message: find the release that brought it.",
          width: 8,
          unit: "bytes",
          expr: sumRate("hawser_message_bytes_bucket", AnyProtocol, "le"),
        },
      ],
    },
    {
      title: "Slow sides",
      number: 30,
      panels: [
        {
          kind: "series",
          title: "Time held back, per stream",
          shows:
            "Part of its time that the average stream waits because its receiver does not take more. By direction: to_client waits for clients.",
          good: "Below 1 %.",
          act: "to_client: slow clients or more than their network carries. to_upstream: the upstream reads too slowly.",
          width: 8,
          unit: "percentunit",
          thresholds: { warning: 0.05, critical: 0.2 },
          queries: [
            {
              expr: `${sumRate("hawser_backpressure_seconds_total", Route, "direction")} / on () group_left () ${sumOf(`hawser_streams_open{${Route}}`)}`,
              legend: "{{direction}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Bytes held here",
          shows: "Bytes that wait in the gateways for a receiver, all streams together.",
          good: "Far below open streams × maxBufferedBytes (64 KiB for a relay).",
          act: "Who is slow stands left of this. Memory grows with it; a side that takes nothing is closed with 1013.",
          width: 8,
          unit: "bytes",
          queries: [{ expr: sumOf(`hawser_buffered_bytes{${Gateway}}`, "direction"), legend: "{{direction}}" }],
        },
        {
          kind: "series",
          title: "Ping round trip",
          shows: "From a Ping to its Pong, over all pairs that passed or that the gateway made.",
          good: "p50 is the network's round trip.",
          act: "p99 in seconds: phones that sleep, or queues in front of the Pong. Compare with Time held back.",
          width: 8,
          unit: "s",
          thresholds: { warning: 1, critical: 5 },
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, "hawser_ping_rtt_seconds", Route, "protocol"),
            legend: `p${q * 100} {{protocol}}`,
          })),
        },
      ],
    },
    {
      title: "Busiest streams (where /metrics/streams is scraped too)",
      number: 35,
      panels: [
        {
          kind: "series",
          title: "Bytes of the busiest streams",
          shows:
            "Bytes each second of the ten streams with most traffic, by their id. Empty, unless a job scrapes /metrics/streams.",
          good: "Nobody stands far above the others.",
          act: "Look at the stream: hawser tail ID, or GET /streams/ID. DELETE /streams/ID closes it.",
          width: 8,
          unit: "Bps",
          queries: [
            {
              expr: `topk(10, ${sumRate("hawser_top_stream_bytes_total", BusyStream, "instance, route, id")})`,
              legend: "{{route}} {{id}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Messages of the busiest streams",
          shows: "Messages each second of the ten busiest streams, by their id.",
          good: "As many as one user of the application makes.",
          act: "Hundreds a second from one stream: a loop in a client. Close it, and see whether it comes again.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: `topk(10, ${sumRate("hawser_top_stream_messages_total", BusyStream, "instance, route, id")})`,
              legend: "{{route}} {{id}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Bytes held for the busiest streams",
          shows: "Bytes that wait here for the receiver of a stream, by its id.",
          good: "Near 0, with short peaks.",
          act: "At maxBufferedBytes for long: this receiver is slow, and its sender is held back.",
          width: 8,
          unit: "bytes",
          queries: [
            {
              expr: `topk(10, sum by (instance, route, id) (hawser_top_stream_buffered_bytes{${BusyStream}}))`,
              legend: "{{route}} {{id}}",
            },
          ],
        },
      ],
    },
    {
      title: "Ends",
      number: 40,
      panels: [
        {
          kind: "stat",
          title: "Abnormal ends",
          shows: "Part of the ends with 1006, 1011 or 1013.",
          good: "Below 5 %, below 20 % where clients are phones.",
          act: "See which of the three it is on the right, and who began it.",
          width: 6,
          height: 8,
          unit: "percentunit",
          thresholds: { warning: 0.05, critical: 0.2 },
          query: { expr: share("hawser_stream_closes_total", Stream, AbnormalClose) },
        },
        {
          kind: "series",
          title: "Ends by code and who began",
          shows: "WebSockets that end each second: close code, and the side that began the end.",
          good: "client 1000, client 1001 and upstream 1000.",
          act: "upstream 1006 or 1011: the backend dies. gateway: the cause, right of this, has its reason.",
          width: 9,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_stream_closes_total", Stream, "initiator, code"),
              legend: "{{initiator}} {{code}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Ends by cause",
          shows:
            "WebSockets that end each second by what the gateway saw; the failure table of the README explains each.",
          good: "close_frame leads.",
          act: "end_without_close, connection_lost and reset: a side vanished. stalled: it took nothing. limit: see Limits hit.",
          width: 9,
          unit: "cps",
          queries: [{ expr: sumRate("hawser_stream_closes_total", Stream, "cause"), legend: "{{cause}}" }],
        },
        {
          kind: "series",
          title: "How long streams last",
          shows: "Age of the WebSockets that end, estimated from buckets.",
          good: "As long as a user stays.",
          act: "A median at exactly 30 s, 60 s or 5 min: a proxy on the way cuts what is idle. Let one side send Pings.",
          width: 12,
          unit: "s",
          queries: [0.1, 0.5, 0.9].map((q) => ({
            expr: quantile(q, "hawser_stream_duration_seconds", Stream),
            legend: `p${q * 100}`,
          })),
        },
        {
          kind: "heatmap",
          title: "Ages at the end over time",
          shows: "How many WebSockets end at which age; darker is more.",
          good: "Spread over many buckets.",
          act: "One dark line that stays: a timeout somewhere. The lowest bucket dark: clients that fail right after opening.",
          width: 12,
          unit: "s",
          expr: sumRate("hawser_stream_duration_seconds_bucket", Stream, "le"),
        },
      ],
    },
  ],
};
