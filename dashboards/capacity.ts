import type { DashboardSpec } from "./panel-spec.ts";
import { Gateway, PerPod, PodLegend, sumOf, sumRate } from "./promql.ts";

const Formula = `How many streams fit, as the recording rules in \`hawser.rules.yaml\` reckon it:

- **by processor:** 0.7 × serving processes × open streams ÷ cores in use
- **by open files:** 0.8 × open streams ÷ part of the allowed files in use
- **by limit:** \`limits.maxStreams\` of the config in force
- **by memory:** 0.8 × memory of a pod ÷ memory per stream (write the memory above)

The smallest of them is what a pod carries **if the next streams are like those of now**. Size for the busiest hour with one pod
missing: pods = streams at the peak ÷ streams that fit + 1. With few streams open the estimates are low, since what the
process needs for itself is shared by few.`;

/** What one pod carries, what it uses of that, and what a stream and a message cost. Needs the recording rules. */
export const Capacity: DashboardSpec = {
  uid: "hawser-capacity",
  title: "hawser / Capacity",
  description:
    "What one pod carries, what it uses of that, and what a stream and a message cost. Needs the recording rules of hawser.rules.yaml.",
  filters: [],
  inputs: [{ name: "memory", label: "Memory of a pod (MiB)", value: "1024" }],
  rows: [
    {
      title: "What fits",
      number: 10,
      panels: [
        {
          kind: "stat",
          title: "Streams that fit in a pod",
          shows: "The smallest estimate over all pods that are chosen. The formula stands at the end of this page.",
          good: "Well above what is open in the busiest hour.",
          act: "See in What is scarce which resource it is, and add of that; or add pods.",
          width: 6,
          unit: "short",
          query: { expr: `min(hawser:streams_capacity:min{${Gateway}})` },
        },
        {
          kind: "stat",
          title: "Fullest pod",
          shows: "Open streams over the streams that fit, of the pod where that is most.",
          good: "Below 70 %.",
          act: "Add pods, and drain the fullest so that its clients spread.",
          width: 6,
          unit: "percentunit",
          thresholds: { warning: 0.7, critical: 0.9 },
          query: { expr: `max(hawser:streams_used:ratio{${Gateway}})` },
        },
        {
          kind: "stat",
          title: "Processor per message",
          shows: "All that the gateways compute, over the messages they pass.",
          good: "Tens of microseconds under load. With little load it is high, since idling costs too.",
          act: "More under the same load: a new release, larger messages, or compression in a handler.",
          width: 6,
          unit: "s",
          query: {
            expr: `sum(hawser:cpu_cores:rate5m{${Gateway}}) / sum(hawser:messages:rate5m{${Gateway}})`,
          },
        },
        {
          kind: "stat",
          title: "Memory per stream",
          shows: "Memory of the gateways over the open streams.",
          good: "Some tens of KiB with thousands of streams.",
          act: "Much more: slow clients whose bytes wait here. See Bytes held here on the Streams dashboard.",
          width: 6,
          unit: "bytes",
          query: {
            expr: `sum(hawser:memory_bytes:sum{${Gateway}}) / sum(hawser:streams_open:sum{${Gateway}})`,
          },
        },
        {
          kind: "table",
          title: "Pods",
          shows: "Each pod with what it has open, uses, and could carry.",
          good: "The pods are alike.",
          act: "One is much fuller: long-lived streams stay where they are after a rollout. maxAgeMs spreads them in time.",
          width: 24,
          height: 8,
          unit: "short",
          columns: [
            { title: "Open", unit: "short", expr: sumOf(`hawser:streams_open:sum{${Gateway}}`, PerPod) },
            { title: "Fit", unit: "short", expr: sumOf(`hawser:streams_capacity:min{${Gateway}}`, PerPod) },
            { title: "Used", unit: "percentunit", expr: sumOf(`hawser:streams_used:ratio{${Gateway}}`, PerPod) },
            { title: "Cores", unit: "short", expr: sumOf(`hawser:cpu_cores:rate5m{${Gateway}}`, PerPod) },
            { title: "Memory", unit: "bytes", expr: sumOf(`hawser:memory_bytes:sum{${Gateway}}`, PerPod) },
            { title: "Messages", unit: "cps", expr: sumOf(`hawser:messages:rate5m{${Gateway}}`, PerPod) },
          ],
        },
      ],
    },
    {
      title: "Use by pod",
      number: 20,
      panels: [
        {
          kind: "series",
          title: "Open streams",
          shows: "WebSockets open now.",
          good: "The pods are alike.",
          act: "Uneven: the load balancer counts requests, not connections. Choose least connections.",
          width: 8,
          unit: "short",
          queries: [{ expr: sumOf(`hawser_streams_open{${Gateway}}`, PerPod), legend: PodLegend }],
        },
        {
          kind: "series",
          title: "Cores in use",
          shows: "Processor of all processes of a pod.",
          good: "Below 0.7 × the serving processes.",
          act: "At what the pod is allowed: it is throttled, and the event loop delay shows it. Raise the limit or add pods.",
          width: 8,
          unit: "short",
          decimals: 2,
          queries: [{ expr: sumRate("process_cpu_seconds_total", Gateway, PerPod), legend: PodLegend }],
        },
        {
          kind: "series",
          title: "Memory, and what a pod has",
          shows: "Resident memory of all processes of a pod, and the memory of a pod as it is written above.",
          good: "Below 80 % of the line.",
          act: "Near it: give pods more, or let them have fewer streams (maxStreams), before the kernel decides.",
          width: 8,
          unit: "bytes",
          queries: [
            { expr: sumOf(`process_resident_memory_bytes{${Gateway}}`, PerPod), legend: PodLegend },
            { expr: "$memory * 1048576", legend: "a pod has" },
          ],
        },
        {
          kind: "series",
          title: "Messages",
          shows: "Messages each second, both ways together.",
          good: "In proportion to the open streams.",
          act: "A pod with much more: it has the busy streams. /metrics/streams on its admin port names them.",
          width: 8,
          unit: "cps",
          queries: [{ expr: sumRate("hawser_stream_messages_total", Gateway, PerPod), legend: PodLegend }],
        },
        {
          kind: "series",
          title: "Event loop delay (p99)",
          shows: "The slowest process of each pod.",
          good: "Below 50 ms.",
          act: "It rises before the processor reaches 1: this is the number to size by where latency counts.",
          width: 8,
          unit: "s",
          thresholds: { warning: 0.05, critical: 0.2 },
          queries: [{ expr: `max by (${PerPod}) (nodejs_eventloop_lag_p99_seconds{${Gateway}})`, legend: PodLegend }],
        },
        {
          kind: "series",
          title: "Open files, of what is allowed",
          shows: "The process of each pod that is nearest to its limit.",
          good: "Below 80 %.",
          act: "Raise the limit of open files of the container.",
          width: 8,
          unit: "percentunit",
          max: 1,
          thresholds: { warning: 0.8, critical: 0.95 },
          queries: [
            {
              expr: `max by (${PerPod}) (process_open_fds{${Gateway}} / process_max_fds{${Gateway}})`,
              legend: PodLegend,
            },
          ],
        },
      ],
    },
    {
      title: "What is scarce",
      number: 40,
      panels: [
        {
          kind: "series",
          title: "Streams that fit, by resource",
          shows:
            "The estimates of which the smallest counts; memory is reckoned with the memory of a pod that is written above.",
          good: "All lines far above the open streams.",
          act: "The lowest line is what to add of first.",
          width: 12,
          unit: "short",
          queries: [
            { expr: `min by (resource) (hawser:streams_capacity{${Gateway}})`, legend: "{{resource}}" },
            {
              expr: `0.8 * $memory * 1048576 / max(hawser:memory_bytes_per_stream:ratio{${Gateway}})`,
              legend: "memory",
            },
            { expr: `max(hawser:streams_open:sum{${Gateway}})`, legend: "open in the fullest pod" },
          ],
        },
        {
          kind: "text",
          title: "The formula",
          width: 12,
          height: 8,
          markdown: Formula,
        },
        {
          kind: "series",
          title: "Processor per message, by pod",
          shows: "What one message costs, all included.",
          good: "Flat; it falls as the load grows.",
          act: "A step at a release: compare the two versions with npm run bench.",
          width: 12,
          unit: "s",
          queries: [{ expr: `hawser:cpu_seconds_per_message:rate5m{${Gateway}}`, legend: PodLegend }],
        },
        {
          kind: "series",
          title: "Memory per stream, by pod",
          shows: "What one stream costs, the process itself shared among them.",
          good: "It falls as streams grow, towards a few tens of KiB.",
          act: "It grows with the age of the process: something holds on to what is closed. Take two heap snapshots.",
          width: 12,
          unit: "bytes",
          queries: [{ expr: `hawser:memory_bytes_per_stream:ratio{${Gateway}}`, legend: PodLegend }],
        },
      ],
    },
  ],
};
