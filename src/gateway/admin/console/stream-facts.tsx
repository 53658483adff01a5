import type { ComponentChildren } from "preact";
import type { StreamView, TrafficView } from "../../telemetry/stream-view.ts";
import {
  formatBytes,
  formatDuration,
  formatExact,
  formatLatency,
  formatMoment,
  formatRate,
  Nothing,
} from "./formatting.ts";
import { Fact } from "./titled.tsx";

/** All facts of one stream. */
export function StreamFacts({ view }: { readonly view: StreamView }) {
  return (
    <div class="facts">
      <Facts title="Where">
        <Fact name="route">{view.route}</Fact>
        <Fact name="upstream">{view.upstream}</Fact>
        <Fact name="listener">{view.listener}</Fact>
        <Fact name="worker">{view.worker}</Fact>
        <Fact name="client">{view.client ?? "not shown"}</Fact>
        <Fact name="protocol">{view.protocol === "h2" ? "HTTP/2 (RFC 8441)" : "HTTP/1.1"}</Fact>
        <Fact name="connection">{view.connectionId}</Fact>
        <Fact name="HTTP/2 stream">{view.streamId === 0 ? Nothing : view.streamId}</Fact>
      </Facts>
      <Facts title="How it is">
        <Fact name="opened">{formatMoment(view.openedAt)}</Fact>
        <Fact name="age">{formatDuration(view.ageMs)}</Fact>
        <Fact name="idle">{formatDuration(view.idleMs)}</Fact>
        <Fact name="ping">{formatLatency(view.pingMs)}</Fact>
        <Fact name="subprotocol">{view.subprotocol ?? "none"}</Fact>
        <Fact name="extensions">{view.extensions ?? "none"}</Fact>
        <Fact name="send window">{view.sendWindow === null ? Nothing : formatBytes(view.sendWindow)}</Fact>
      </Facts>
      <TrafficTable view={view} />
    </div>
  );
}

function Facts({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

const Lines: readonly { readonly name: string; readonly text: (traffic: TrafficView) => string }[] = [
  { name: "bytes", text: ({ bytes }) => formatBytes(bytes) },
  { name: "frames", text: ({ frames }) => formatExact(frames) },
  { name: "messages", text: ({ messages }) => formatExact(messages) },
  { name: "bytes/s", text: ({ bytesPerSecond }) => formatBytes(bytesPerSecond) },
  { name: "messages/s", text: ({ messagesPerSecond }) => formatRate(messagesPerSecond) },
];

function TrafficTable({ view }: { readonly view: StreamView }) {
  const { toUpstream, toClient, buffered } = view;
  return (
    <section>
      <h2>What passed</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">of frames</th>
            <th scope="col" class="number">
              to upstream
            </th>
            <th scope="col" class="number">
              to client
            </th>
          </tr>
        </thead>
        <tbody>
          {Lines.map(({ name, text }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{text(toUpstream)}</td>
              <td class="number">{text(toClient)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">buffered</th>
            <td class="number">{formatBytes(buffered.toUpstream)}</td>
            <td class="number">{formatBytes(buffered.toClient)}</td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}
