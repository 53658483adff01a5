import { useState } from "preact/hooks";
import type { FrameView } from "../../telemetry/stream-view.ts";
import type { MissedFrames } from "./admin-api.ts";
import type { ConsoleModel } from "./console-model.ts";
import { formatBytes, formatClock, formatExact } from "./formatting.ts";
import { TailList } from "./tail-list.tsx";
import { isRunning, useFeed } from "./use-feed.ts";

/** The frames of a stream as they pass: their headers, and where the route allows it the beginning of texts. */
export function FrameTail(props: { readonly model: ConsoleModel; readonly id: number; readonly isEnded: boolean }) {
  const { model, id, isEnded } = props;
  const [run, setRun] = useState(0);
  const [preview, setPreview] = useState(false);
  const feed = useFeed(run, (listening) => model.api.frames(id, preview, listening));
  const isListening = run > 0 && isRunning(feed);
  const toggle = (): void => setRun(isListening ? 0 : Date.now());
  const total = feed.dropped + feed.lines.length;
  return (
    <section class="tail" aria-labelledby="tail-title">
      <header class="title-line">
        <h2 id="tail-title">Frames</h2>
        <p class="muted" role="status">
          {feed.error ?? (isEnded ? "the stream has ended" : feed.state)}
          {total === 0 ? "" : ` · ${formatExact(total)} seen`}
          {feed.dropped === 0 ? "" : `, the last ${formatExact(feed.lines.length)} kept`}
        </p>
        <label class="check" title="only where the route allows it">
          <input
            type="checkbox"
            checked={preview}
            disabled={isListening}
            onChange={({ currentTarget }) => setPreview(currentTarget.checked)}
          />
          preview texts
        </label>
        <button type="button" class="plain" onClick={feed.clear} disabled={total === 0}>
          Clear
        </button>
        <button type="button" onClick={toggle} disabled={isEnded && !isListening}>
          {isListening ? "Stop" : "Start"}
        </button>
      </header>
      <TailList label="Frames" feed={feed} none={isListening ? "waiting for a frame" : "not listening"}>
        {(frame) => ("opcode" in frame ? <FrameLine frame={frame} /> : <MissedLine missed={frame} />)}
      </TailList>
    </section>
  );
}

function FrameLine({ frame }: { readonly frame: FrameView }) {
  const { at, direction, opcode, fin, rsv, payloadBytes, preview } = frame;
  const bits = [fin ? "FIN" : "more", ...(rsv === 0 ? [] : [`RSV ${rsv.toString(2).padStart(3, "0")}`])];
  return (
    <>
      <time>{formatClock(at, { milliseconds: true })}</time>
      <span class="direction">{direction === "to-upstream" ? "→ upstream" : "← client"}</span>
      <b class={`opcode ${opcode}`}>{opcode}</b>
      <span class="bits">{bits.join(" ")}</span>
      <span class="number" title={`${formatExact(payloadBytes)} bytes of payload`}>
        {formatBytes(payloadBytes)}
      </span>
      <span class="preview">{preview ?? ""}</span>
    </>
  );
}

function MissedLine({ missed }: { readonly missed: MissedFrames }) {
  return (
    <>
      <time>{formatClock(missed.at, { milliseconds: true })}</time>
      <span class="bad">{formatExact(missed.count)} frames came faster than they could be told</span>
    </>
  );
}
