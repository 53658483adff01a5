import { useEffect, useRef, useState } from "preact/hooks";
import type { StreamView } from "../../telemetry/stream-view.ts";
import { CloseStream } from "./close-stream.tsx";
import type { ConsoleModel } from "./console-model.ts";
import { FrameTail } from "./frame-tail.tsx";
import { Bytes } from "./measure.ts";
import { hashOf, NoFilter } from "./place.ts";
import { PlotPanel } from "./plot-panel.tsx";
import { StreamFacts } from "./stream-facts.tsx";
import { TimeSeries } from "./time-series.ts";
import { Empty, TitleLine } from "./titled.tsx";
import { usePolled } from "./use-polled.ts";

const Directions = ["upstream", "client"];

/** One stream: all that is known of it, its plots, its frames, and the button that closes it. */
export function StreamDetails(props: { readonly model: ConsoleModel; readonly id: number; readonly theme: string }) {
  const { model, id, theme } = props;
  const { view, isEnded, error, rate, buffered, reading } = useStream(model, id);
  const shared = { theme, reading, syncKey: `stream ${id}`, names: Directions, measure: Bytes };
  const state = isEnded ? "ended" : (view?.state ?? "loading");
  return (
    <article>
      <TitleLine title={<Path id={id} />} says={<State state={state} error={error} />}>
        {view === undefined || isEnded ? null : <CloseStream model={model} id={id} />}
      </TitleLine>
      {isEnded && view === undefined ? (
        <Empty title={`There is no stream ${id}.`}>It has ended; the access log has a line for each that did.</Empty>
      ) : null}
      {isEnded && view !== undefined ? <p class="notice">It has ended; this is what was last seen of it.</p> : null}
      {view === undefined ? null : (
        <>
          <div class="panels two">
            <PlotPanel {...shared} title="Bytes/s" unit="bytes of frames per second, headers included" series={rate} />
            <PlotPanel
              {...shared}
              title="Buffered"
              unit="bytes that the gateway holds, for upstream and for the client"
              series={buffered}
            />
          </div>
          <StreamFacts view={view} />
          <FrameTail key={id} model={model} id={id} isEnded={isEnded} />
        </>
      )}
    </article>
  );
}

function Path({ id }: { readonly id: number }) {
  return (
    <>
      <a href={hashOf({ view: "streams", filter: NoFilter })}>Streams</a> <span class="muted">/</span> {id}
    </>
  );
}

function State({ state, error }: { readonly state: string; readonly error: string | undefined }) {
  return (
    <>
      <span class={`chip ${state}`}>{state}</span> {error}
    </>
  );
}

/** What is known of a stream, second by second. What was last seen of it stays when it has ended. */
function useStream(model: ConsoleModel, id: number) {
  const series = useRef({ id, rate: new TimeSeries(2), buffered: new TimeSeries(2) });
  if (series.current.id !== id) series.current = { id, rate: new TimeSeries(2), buffered: new TimeSeries(2) };
  const [reading, setReading] = useState(0);
  const [last, setLast] = useState<StreamView>();
  const ended = useRef<number | undefined>(undefined);
  const { value, error } = usePolled(model, String(id), 1000, async (signal) => {
    // No other stream will ever have its id.
    const found = ended.current === id ? undefined : await model.api.stream(id, signal);
    if (found === undefined) ended.current = id;
    return { view: found };
  });
  const seen = value?.view;
  useEffect(() => {
    if (seen === undefined || seen.id !== id) return;
    const at = seen.openedAt + seen.ageMs;
    const { rate, buffered } = series.current;
    rate.push(at, [seen.toUpstream.bytesPerSecond, seen.toClient.bytesPerSecond]);
    buffered.push(at, [seen.buffered.toUpstream, seen.buffered.toClient]);
    setLast(seen);
    setReading((now) => now + 1);
  }, [seen]);
  const view = last?.id === id ? last : undefined;
  return { view, isEnded: value !== undefined && seen === undefined, error, reading, ...series.current };
}
