import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { ConfigView } from "./config-view.tsx";
import type { ConsoleModel } from "./console-model.ts";
import { EventsView } from "./events-view.tsx";
import { Masthead } from "./masthead.tsx";
import { OverviewView } from "./overview-view.tsx";
import type { Place } from "./place.ts";
import { RoutesView } from "./routes-view.tsx";
import { ShortcutHelp, useShortcuts, Views } from "./shortcuts.tsx";
import { SignIn } from "./sign-in.tsx";
import { Store, useStore } from "./store.ts";
import { StreamDetails } from "./stream-details.tsx";
import { StreamsView } from "./streams-view.tsx";
import type { ThemeSwitch } from "./theme.ts";
import { UpstreamsView } from "./upstreams-view.tsx";

/** The whole page. */
export function ConsoleApp({ model, theme }: { readonly model: ConsoleModel; readonly theme: ThemeSwitch }) {
  const demand = useStore(model.session.demand);
  const place = useStore(model.place);
  const isHeld = useStore(model.isHeld);
  const [isHelping, setHelping] = useState(false);
  const shortcuts = useMemo(() => new Store(true), []);
  useShortcuts(model, theme, () => setHelping(true), useStore(shortcuts) && demand === "none");
  useLayoutEffect(() => {
    document.title = `${isHeld ? "❚❚ " : ""}${titleOf(place)} · hawser`;
  }, [place, isHeld]);
  if (demand !== "none") return <SignIn session={model.session} />;
  const skip = (event: Event): void => {
    // The address has the place in its fragment, so the link must not set it.
    event.preventDefault();
    document.getElementById("main")?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Masthead model={model} theme={theme} place={place} onHelp={() => setHelping(true)} />
      <main id="main" tabIndex={-1} class={place.view}>
        <View model={model} theme={theme} place={place} />
      </main>
      {isHelping ? <ShortcutHelp areOn={shortcuts} onClose={() => setHelping(false)} /> : null}
    </>
  );
}

function View({
  model,
  theme,
  place,
}: {
  readonly model: ConsoleModel;
  readonly theme: ThemeSwitch;
  readonly place: Place;
}) {
  const shown = useStore(theme.shown);
  switch (place.view) {
    case "overview":
      return <OverviewView model={model} theme={shown} />;
    case "streams":
      return <StreamsView model={model} filter={place.filter} />;
    case "stream":
      return <StreamDetails key={place.id} model={model} id={place.id} theme={shown} />;
    case "routes":
      return <RoutesView model={model} />;
    case "upstreams":
      return <UpstreamsView model={model} />;
    case "config":
      return <ConfigView model={model} />;
    case "events":
      return <EventsView model={model} />;
    default:
      return place satisfies never;
  }
}

function titleOf(place: Place): string {
  if (place.view === "stream") return `Stream ${place.id}`;
  return Views.find((view) => view.place.view === place.view)?.name ?? "";
}
