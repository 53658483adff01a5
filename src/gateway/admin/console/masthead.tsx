import type { Connection, ConsoleModel } from "./console-model.ts";
import { hashOf, type Place } from "./place.ts";
import { Views } from "./shortcuts.tsx";
import { useStore } from "./store.ts";
import type { ThemeSwitch } from "./theme.ts";

/** What stands above every view. */
export interface MastheadProps {
  readonly model: ConsoleModel;
  readonly theme: ThemeSwitch;
  readonly place: Place;
  readonly onHelp: () => void;
}

/** Name, views, how the page and the gateway get on, and the switches. */
export function Masthead({ model, theme, place, onHelp }: MastheadProps) {
  const wanted = useStore(theme.wanted);
  const isPaused = useStore(model.isPaused);
  const current = place.view === "stream" ? "streams" : place.view;
  return (
    <header class="masthead">
      <p class="brand">hawser</p>
      <nav aria-label="Views">
        {Views.map(({ name, place: to }) => (
          <a key={name} href={hashOf(to)} aria-current={to.view === current ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <Status model={model} isPaused={isPaused} />
      <div class="switches">
        <button
          type="button"
          class="plain"
          onClick={() => model.isPaused.set(!isPaused)}
          aria-pressed={isPaused}
          title="ask the gateway for nothing (p)"
        >
          Pause
        </button>
        <button type="button" class="plain" onClick={() => theme.next()} title="light, dark, or as the system (t)">
          Theme: {wanted}
        </button>
        {model.session.authorization === undefined ? null : (
          <button type="button" class="plain" onClick={() => model.session.signOut()}>
            Sign out
          </button>
        )}
        <button type="button" class="plain" onClick={onHelp} title="keys (?)" aria-label="Keys">
          ?
        </button>
      </div>
    </header>
  );
}

function Status({ model, isPaused }: { readonly model: ConsoleModel; readonly isPaused: boolean }) {
  const connection = useStore(model.connection);
  useStore(model.readings);
  const readiness = model.history.last?.readiness ?? "ready";
  const title = connection.state === "lost" ? `${connection.message}; tried again every few seconds` : undefined;
  return (
    <p class="status" role="status" title={title}>
      {readiness === "ready" ? null : <span class="chip closing">{readiness}</span>}
      <span class={`light ${isPaused ? "paused" : connection.state}`}>{isPaused ? "paused" : wordsOf(connection)}</span>
    </p>
  );
}

function wordsOf(connection: Connection): string {
  if (connection.state !== "lost") return connection.state;
  return connection.isAnswered ? `${connection.message}; retrying` : "connection lost, retrying";
}
