import type { MetricFamily, MetricSample } from "../telemetry/metric-samples.ts";
import type { StreamView, TrafficView } from "../telemetry/stream-view.ts";

/**
 * Series of some live streams. They come and go with their streams, so they are no part of the page that a Prometheus scrapes
 * all the time.
 */
export function topStreamFamilies(streams: readonly StreamView[]): MetricFamily[] {
  const each = (name: string, type: "counter" | "gauge", help: string, samples: (stream: StreamView) => Sample[]) => {
    const values = streams.flatMap((stream) =>
      samples(stream).map(({ value, ...labels }): MetricSample => ({
        value,
        labels: { ...labelsOf(stream), ...labels },
      })),
    );
    return { name, type, help, values };
  };
  return [
    each("hawser_top_stream_bytes_total", "counter", "Bytes of frames of the busiest live streams.", (stream) =>
      bothWays(stream, ({ bytes }) => bytes),
    ),
    each("hawser_top_stream_messages_total", "counter", "Messages of the busiest live streams.", (stream) =>
      bothWays(stream, ({ messages }) => messages),
    ),
    each("hawser_top_stream_frames_total", "counter", "Frames of the busiest live streams.", (stream) =>
      bothWays(stream, ({ frames }) => frames),
    ),
    each("hawser_top_stream_buffered_bytes", "gauge", "Bytes that wait here for the receiver.", ({ buffered }) => [
      { direction: "to_upstream", value: buffered.toUpstream },
      { direction: "to_client", value: buffered.toClient },
    ]),
    each("hawser_top_stream_age_seconds", "gauge", "Age of the busiest live streams.", ({ ageMs }) => [
      { value: ageMs / 1_000 },
    ]),
    each("hawser_top_stream_ping_seconds", "gauge", "Round trip of the last Ping that was answered.", ({ pingMs }) =>
      pingMs === null ? [] : [{ value: pingMs / 1_000 }],
    ),
  ];
}

interface Sample {
  readonly value: number;
  readonly direction?: "to_upstream" | "to_client";
}

function bothWays({ toUpstream, toClient }: StreamView, of: (traffic: TrafficView) => number): Sample[] {
  return [
    { direction: "to_upstream", value: of(toUpstream) },
    { direction: "to_client", value: of(toClient) },
  ];
}

function labelsOf({ id, route, upstream, protocol }: StreamView) {
  return { id, route, upstream, protocol };
}
