import { useState } from "preact/hooks";
import type { GatewayEvent } from "../../telemetry/stream-view.ts";
import { closeCodeName } from "./close-code-name.ts";
import type { ConsoleModel } from "./console-model.ts";
import { formatClock, formatDuration, formatExact } from "./formatting.ts";
import { hashOf } from "./place.ts";
import { TailList } from "./tail-list.tsx";
import { Choice, TitleLine } from "./titled.tsx";
import { isRunning, useFeed } from "./use-feed.ts";

const Kinds = ["all", "opened", "closed", "refused", "gateway"] as const;
type Kind = (typeof Kinds)[number];
const Options = Kinds.map((value) => ({ value, text: value }));

/** The news of the gateway, from the moment one looks. */
export function EventsView({ model }: { readonly model: ConsoleModel }) {
  const [run, setRun] = useState(1);
  const [kind, setKind] = useState<Kind>("all");
  const feed = useFeed(run, (listening) => model.api.events(listening));
  const isListening = isRunning(feed);
  const shown = { ...feed, lines: feed.lines.filter((event) => kind === "all" || kindOf(event) === kind) };
  const kept = feed.dropped === 0 ? "" : `, the last ${formatExact(feed.lines.length)} kept`;
  const says = feed.error ?? `${feed.state}${kept}`;
  return (
    <section class="tail tall">
      <TitleLine title="Events" says={says}>
        <Choice label="Show" value={kind} options={Options} onChange={setKind} />
        <button type="button" class="plain" onClick={feed.clear} disabled={feed.lines.length === 0}>
          Clear
        </button>
        <button type="button" onClick={() => setRun(isListening ? 0 : Date.now())}>
          {isListening ? "Stop" : "Start"}
        </button>
      </TitleLine>
      <TailList
        label="Events"
        feed={shown}
        none={isListening ? "nothing has happened since you look" : "not listening"}
      >
        {(event) => <EventLine event={event} />}
      </TailList>
    </section>
  );
}

function kindOf({ type }: GatewayEvent): Kind {
  return type === "opened" || type === "closed" || type === "refused" ? type : "gateway";
}

function EventLine({ event }: { readonly event: GatewayEvent }) {
  return (
    <>
      <time>{formatClock(event.at, { milliseconds: true })}</time>
      <b class={`kind ${event.type}`}>{event.type}</b>
      <span class="event-text">
        <EventText event={event} />
      </span>
    </>
  );
}

function EventText({ event }: { readonly event: GatewayEvent }) {
  switch (event.type) {
    case "opened":
      return (
        <>
          stream <a href={hashOf({ view: "stream", id: event.id })}>{event.id}</a> on {event.route} via {event.protocol}
        </>
      );
    case "closed":
      return (
        <>
          stream {event.id} on {event.route} via {event.protocol}: <b>{event.code}</b> {closeCodeName(event.code)},
          begun by the {event.initiator} ({event.cause}) after {formatDuration(event.ageMs)}
        </>
      );
    case "refused":
      return (
        <>
          an opening on {event.route} via {event.protocol}: <b>{event.status}</b> {event.result.replaceAll("_", " ")}
        </>
      );
    case "reloaded":
      return (
        <>
          generation {event.generation}: {event.summary}
        </>
      );
    case "draining":
      return <>the gateway takes no more openings</>;
    case "missed":
      return <>{formatExact(event.count)} events came faster than they could be told</>;
    default:
      return event satisfies never;
  }
}
