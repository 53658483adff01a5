import type { DashboardSpec } from "./panel-spec.ts";
import { Gateway, PerPod, PodLegend, quantile, sumOf, sumRate } from "./promql.ts";

const OfProtocol = `${Gateway},protocol=~"$protocol"`;

/** The connections below the streams: HTTP/2, its windows, its resets, and what comes before it. */
export const Http2: DashboardSpec = {
  uid: "hawser-http2",
  title: "hawser / HTTP/2 and flow control",
  description:
    "The connections below the streams: how many share one, whose window is empty, what is reset, and what never came as far as HTTP.",
  filters: ["protocol"],
  rows: [
    {
      title: "Connections",
      number: 10,
      panels: [
        {
          kind: "series",
          title: "Open connections",
          shows: "TCP connections of clients that are open now.",
          good: "h2 has far fewer connections than streams.",
          act: "As many h2 connections as streams: each tab or client has its own, and HTTP/2 saves little there.",
          width: 8,
          unit: "short",
          stacked: true,
          queries: [
            {
              expr: sumOf(`hawser_client_connections_open{${OfProtocol}}`, "listener, protocol"),
              legend: "{{listener}} {{protocol}}",
            },
          ],
        },
        {
          kind: "series",
          title: "New connections",
          shows: "Connections each second that came as far as HTTP.",
          good: "Steady; a peak after a restart that falls within a minute.",
          act: "A plateau of reconnects: streams are ended as soon as they open. See Ends on the Streams dashboard.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_client_connections_total", OfProtocol, "listener, protocol"),
              legend: "{{listener}} {{protocol}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Connections that failed",
          shows: "Connections each second that ended before HTTP, by reason.",
          good: "client_left and some tls: scanners of the internet.",
          act: "tls after a new certificate: clients do not trust it. proxy_protocol: the load balancer is configured otherwise.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: `${sumRate("hawser_client_connections_failed_total", Gateway, "listener, reason")} > 0`,
              legend: "{{listener}} {{reason}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Streams on one HTTP/2 connection",
          shows: "The most streams that a connection had at once, told when it ends.",
          good: "p99 well below maxStreamsPerConnection and maxConcurrentStreams (256).",
          act: "At the limit: clients queue or get 429. Raise both, or find the client that opens so many.",
          width: 12,
          unit: "short",
          thresholds: { warning: 200, critical: 256 },
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, "hawser_h2_streams_per_connection", Gateway, "listener"),
            legend: `p${q * 100} {{listener}}`,
          })),
        },
        {
          kind: "heatmap",
          title: "Streams per connection over time",
          shows: "How many connections had how many streams; darker is more.",
          good: "Most browsers have a few.",
          act: "A band near the top is a client or a proxy that puts all its users on one connection.",
          width: 12,
          unit: "none",
          expr: sumRate("hawser_h2_streams_per_connection_bucket", Gateway, "le"),
        },
      ],
    },
    {
      title: "Flow control",
      number: 20,
      panels: [
        {
          kind: "series",
          title: "Windows that ran empty",
          shows:
            "How often each second something for a client waited for a window (RFC 9113 section 5.2). Only http2.engine: hawser can tell.",
          good: "Below one per connection and second.",
          act: "Clients read slowly, or their windows are small for the distance. One connection's window holds all its streams back.",
          width: 8,
          unit: "cps",
          queries: [
            { expr: sumRate("hawser_h2_flow_control_stalls_total", Gateway, "listener"), legend: "{{listener}}" },
          ],
        },
        {
          kind: "series",
          title: "Time held back by HTTP version",
          shows: "Seconds that streams waited for a receiver, each second; 1 is one stream that always waits.",
          good: "Few, and alike on h1 and h2.",
          act: "h2 alone: streams share one connection, and the slowest reader of it decides.",
          width: 8,
          unit: "short",
          queries: [
            {
              expr: sumRate("hawser_backpressure_seconds_total", OfProtocol, "protocol, direction"),
              legend: "{{protocol}} {{direction}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Bytes held by pod",
          shows: "Bytes that wait in the gateway for a receiver.",
          good: "Below a tenth of the memory of the process.",
          act: "Lower maxBufferedBytes, streamWindowBytes or connectionWindowBytes, or add memory.",
          width: 8,
          unit: "bytes",
          queries: [
            {
              expr: sumOf(`hawser_buffered_bytes{${Gateway}}`, `${PerPod}, direction`),
              legend: `${PodLegend} {{direction}}`,
            },
          ],
        },
      ],
    },
    {
      title: "Resets and abuse",
      number: 30,
      panels: [
        {
          kind: "series",
          title: "Streams reset",
          shows: "RST_STREAM each second on streams of clients, by who sent it and its code (RFC 9113 section 7).",
          good: "cancel from clients, and no_error to them, which is how some browsers' streams end.",
          act: "sent flow_control_error or protocol_error: a client breaks rules. received internal_error: it fails.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: `${sumRate("hawser_h2_resets_total", Gateway, "direction, code")} > 0`,
              legend: "{{direction}} {{code}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Connections told to go",
          shows: "Connections of clients each second that ended with a GOAWAY, by who sent it and its code.",
          good: "no_error: idle connections, drains and clients that leave.",
          act: "sent enhance_your_calm: abuse was ended. sent protocol_error: a client that cannot speak HTTP/2.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: `${sumRate("hawser_h2_goaways_total", Gateway, "direction, code")} > 0`,
              legend: "{{direction}} {{code}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Abuse that was ended",
          shows: "HTTP/2 connections each second that were ended since their client had spent a budget, by reason.",
          good: "Nothing.",
          act: "The gateway has defended itself. Block the addresses before it, if it goes on; raise resetBurst if it was your own client.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_client_connections_abusive_total", Gateway, "listener, reason"),
              legend: "{{listener}} {{reason}}",
            },
          ],
        },
      ],
    },
    {
      title: "Opening, by phase",
      number: 50,
      panels: [
        {
          kind: "series",
          title: "Phases of an opening (p50)",
          shows:
            "Where the median opening spends its time: TLS, waiting for admission, the dial, the upstream's answer.",
          good: "answer leads: that is the backend's work.",
          act: "admission: routes and limits take long, which they should not. tls: handshakes wait for their turn.",
          width: 8,
          unit: "s",
          queries: [{ expr: quantile(0.5, "hawser_opening_phase_seconds", OfProtocol, "phase"), legend: "{{phase}}" }],
        },
        {
          kind: "series",
          title: "Phases of an opening (p99)",
          shows: "The same for the slowest of a hundred.",
          good: "No phase above 250 ms.",
          act: "tls: a reconnect storm, or clients far away. dial and answer: see the Upstreams dashboard.",
          width: 8,
          unit: "s",
          thresholds: { warning: 0.25, critical: 1 },
          queries: [{ expr: quantile(0.99, "hawser_opening_phase_seconds", OfProtocol, "phase"), legend: "{{phase}}" }],
        },
        {
          kind: "series",
          title: "Handshakes that wait",
          shows: "Connections that wait for their turn to shake hands (maxHandshakes).",
          good: "0, but for seconds after a restart.",
          act: "Add pods or workers: TLS handshakes take more processor than there is. A longer handshakeMs only hides it.",
          width: 8,
          unit: "short",
          thresholds: { warning: 50, critical: 500 },
          queries: [{ expr: sumOf(`hawser_handshakes_waiting{${Gateway}}`, PerPod), legend: PodLegend }],
        },
      ],
    },
  ],
};
