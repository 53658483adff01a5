import { CloseLedger } from "./close-ledger.tsx";
import type { ConsoleModel } from "./console-model.ts";
import { formatDuration, formatExact } from "./formatting.ts";
import { Bytes, Counts, Latencies, Rates, type Measure } from "./measure.ts";
import type { OverviewHistory } from "./overview-history.ts";
import { PlotPanel } from "./plot-panel.tsx";
import { RouteTable } from "./route-table.tsx";
import { useStore } from "./store.ts";
import type { TimeSeries } from "./time-series.ts";
import { Fact } from "./titled.tsx";

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly names: readonly string[];
  readonly measure: Measure;
  readonly series: (history: OverviewHistory) => TimeSeries;
}

const Directions = ["upstream", "client"];
const Percentiles = ["p50", "p99"];

const Traffic: readonly Panel[] = [
  {
    title: "Open streams",
    unit: "WebSockets open now",
    names: ["open"],
    measure: Counts,
    series: ({ open }) => open,
  },
  {
    title: "Messages/s",
    unit: "messages begun per second, towards upstream and towards client",
    names: Directions,
    measure: Rates,
    series: ({ messages }) => messages,
  },
  {
    title: "Bytes/s",
    unit: "bytes of frames per second, headers included, towards upstream and towards client",
    names: Directions,
    measure: Bytes,
    series: ({ bytes }) => bytes,
  },
  {
    title: "Openings/s",
    unit: "opening handshakes per second",
    names: ["accepted", "refused"],
    measure: Rates,
    series: ({ openings }) => openings,
  },
];

const Health: readonly Panel[] = [
  {
    title: "Opening time",
    unit: "from the request to the answer, over the last minute",
    names: Percentiles,
    measure: Latencies,
    series: ({ opening }) => opening,
  },
  {
    title: "Ping",
    unit: "round trip of a Ping to the client, over the last minute",
    names: Percentiles,
    measure: Latencies,
    series: ({ ping }) => ping,
  },
  {
    title: "Closes/s",
    unit: "streams closed per second; normal are 1000, 1001 and 1005, without a Close is 1006",
    names: ["normal", "1006", "other"],
    measure: Rates,
    series: ({ closes }) => closes,
  },
];

const BusiestRoutes = 6;

/** All of the gateway at a glance: what it does now and did in the last quarter of an hour. */
export function OverviewView({ model, theme }: { readonly model: ConsoleModel; readonly theme: string }) {
  const reading = useStore(model.readings);
  const { history } = model;
  const busiest = history.routeLines.toSorted((one, other) => other.bytesPerSecond - one.bytesPerSecond);
  const draw = ({ series, ...panel }: Panel) => (
    <PlotPanel key={panel.title} {...panel} {...{ theme, reading }} syncKey="overview" series={series(history)} />
  );
  return (
    <>
      <h1 class="quiet">Overview</h1>
      <Facts model={model} />
      <div class="panels">
        {Traffic.map(draw)}
        {Health.map(draw)}
        <CloseLedger lines={history.closeLines} />
      </div>
      {busiest.length === 0 ? null : (
        <section class="busiest">
          <h2>Busiest routes</h2>
          <RouteTable lines={busiest.slice(0, BusiestRoutes)} />
        </section>
      )}
    </>
  );
}

/** The line above the plots. */
function Facts({ model }: { readonly model: ConsoleModel }) {
  const now = model.history.last;
  if (now === undefined) return <p class="facts-line">waiting for the first reading</p>;
  const { h1, h2 } = now.connections;
  const silent = now.silentWorkers.length;
  return (
    <dl class="facts-line">
      <Fact name="version">{now.version}</Fact>
      <Fact name="up">{formatDuration(now.at - now.startedAt)}</Fact>
      <Fact name="workers">{silent === 0 ? now.workers : `${now.workers}, ${silent} without an answer`}</Fact>
      <Fact name="config generation">{now.generation}</Fact>
      <Fact name="client connections">
        {formatExact(h2)} HTTP/2, {formatExact(h1)} HTTP/1.1
      </Fact>
      <Fact name="opened">{formatExact(now.opened)}</Fact>
      <Fact name="closed">{formatExact(now.closed)}</Fact>
    </dl>
  );
}
