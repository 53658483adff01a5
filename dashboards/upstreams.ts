import type { DashboardSpec } from "./panel-spec.ts";
import { Gateway, quantile, Route, share, Stream, sumOf, sumRate, Upstream } from "./promql.ts";

/** Results of an opening that the upstream is to blame for, as long as it was reached or should have been. */
const UpstreamFailure = 'result=~"upstream_unreachable|upstream_timeout|upstream_invalid"';

/** Whether the backends can be reached, answer, and keep what they have. */
export const Upstreams: DashboardSpec = {
  uid: "hawser-upstreams",
  title: "hawser / Upstreams",
  description:
    "Whether the backends can be reached, how fast they answer, and what they do with the streams they have.",
  filters: ["route", "upstream", "protocol"],
  rows: [
    {
      title: "Dials",
      number: 10,
      panels: [
        {
          kind: "series",
          title: "Dials by upstream and result",
          shows: "Dials of upstreams' addresses for WebSockets, each second, by what became of them.",
          good: "accepted; refused only where the backend asks for a login.",
          act: "unreachable: is this address up and right in the config? timeout: a firewall, or too much load. exhausted: no port or file is left here.",
          width: 12,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_upstream_dials_total", Upstream, "upstream, result"),
              legend: "{{upstream}} {{result}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Time to dial",
          shows:
            "From the dial of an address to its answer to the WebSocket, or to its failure. TCP and TLS are in it.",
          good: "A few round trips and what the backend needs to decide: milliseconds within a data centre.",
          act: "p99 at 1 s or 3 s: SYN packets are lost or the backend's accept queue is full. Near connectTimeoutMs: it is down.",
          width: 12,
          unit: "s",
          thresholds: { warning: 0.25, critical: 1 },
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, "hawser_upstream_dial_seconds", Upstream, "upstream"),
            legend: `p${q * 100} {{upstream}}`,
          })),
        },
        {
          kind: "series",
          title: "Open connections",
          shows: "Connections to upstreams that stand now, for WebSockets and for ordinary requests.",
          good: "h1: one per stream and a few for requests. h2: far fewer than streams.",
          act: "More than streams: connections are not given back. Ports run out near 28 000 per address: add sourceAddresses.",
          width: 12,
          unit: "short",
          queries: [
            {
              expr: sumOf(`hawser_upstream_connections_open{${Upstream},protocol=~"$protocol"}`, "upstream, protocol"),
              legend: "{{upstream}} {{protocol}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Room that was missing",
          shows: "Openings and requests each second that found no room towards an upstream, or no port to dial from.",
          good: "Nothing.",
          act: "upstream_waiting: raise maxConnections or maxStreamsPerConnection of the upstream. ports: add sourceAddresses.",
          width: 12,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_limits_hit_total", Gateway, "limit", 'limit=~"upstream_waiting|ports|descriptors"'),
              legend: "{{limit}}",
            },
          ],
        },
      ],
    },
    {
      title: "Answers",
      number: 20,
      panels: [
        {
          kind: "stat",
          title: "Openings failed by upstreams",
          shows: "Part of the openings whose upstream was not reached, did not answer in time or answered nonsense.",
          good: "Below 1 %.",
          act: "The route and the result stand on the right.",
          width: 6,
          height: 8,
          unit: "percentunit",
          decimals: 2,
          thresholds: { warning: 0.01, critical: 0.05 },
          query: { expr: share("hawser_openings_total", Route, UpstreamFailure) },
        },
        {
          kind: "series",
          title: "What upstreams do to openings",
          shows: "Openings each second that ended at the upstream, by route.",
          good: "upstream_refused only where the backend asks for a login.",
          act: "unreachable: down. timeout: overloaded. invalid: no WebSocket server. refused: the status is in the log.",
          width: 9,
          unit: "cps",
          queries: [
            {
              expr: `${sumRate("hawser_openings_total", Route, "route, result", 'result=~"upstream_.*"')} > 0`,
              legend: "{{route}} {{result}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Time to answer",
          shows: "From an opening sent to the upstream to its answer.",
          good: "What the backend needs to check a login.",
          act: "Growth with the load: the backend has too few workers for openings. It is the backend's time, not the gateway's.",
          width: 9,
          unit: "s",
          thresholds: { warning: 0.25, critical: 1 },
          queries: [0.5, 0.99].map((q) => ({
            expr: quantile(q, "hawser_opening_phase_seconds", `${Gateway},protocol=~"$protocol"`, "", 'phase="answer"'),
            legend: `p${q * 100}`,
          })),
        },
      ],
    },
    {
      title: "Streams",
      number: 40,
      panels: [
        {
          kind: "series",
          title: "Open streams by upstream",
          shows: "WebSockets that are open now. A handler of the gateway's own has no upstream's name.",
          good: "Smooth curves.",
          act: "A cliff: the backend restarted or lost its network. See by whom the ends were begun, right of this.",
          width: 8,
          unit: "short",
          stacked: true,
          queries: [{ expr: sumOf(`hawser_streams_open{${Stream}}`, "upstream"), legend: "{{upstream}}" }],
        },
        {
          kind: "series",
          title: "Ends begun by upstreams",
          shows: "WebSockets that upstreams end each second, by close code.",
          good: "1000, few 1001.",
          act: "1006: the backend's process died or its connection was cut. 1011: it failed and said so. 1012: it restarts.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_stream_closes_total", Stream, "upstream, code", 'initiator="upstream"'),
              legend: "{{upstream}} {{code}}",
            },
          ],
        },
        {
          kind: "series",
          title: "Messages by upstream",
          shows: "Messages that began to pass each second.",
          good: "Both directions move together where the backend answers what it is asked.",
          act: "to_upstream without to_client: the backend takes and says nothing. Look at its own metrics.",
          width: 8,
          unit: "cps",
          queries: [
            {
              expr: sumRate("hawser_stream_messages_total", Stream, "upstream, direction"),
              legend: "{{upstream}} {{direction}}",
            },
          ],
        },
      ],
    },
  ],
};
