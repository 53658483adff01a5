import { useEffect, useState } from "preact/hooks";
import type { ConsoleModel } from "./console-model.ts";
import { Modal } from "./modal.tsx";
import { NoFilter, type Place } from "./place.ts";
import { Store } from "./store.ts";
import type { ThemeSwitch } from "./theme.ts";

/** The views, in the order of their keys. */
export const Views: readonly { readonly name: string; readonly place: Place }[] = [
  { name: "Overview", place: { view: "overview" } },
  { name: "Streams", place: { view: "streams", filter: NoFilter } },
  { name: "Routes", place: { view: "routes" } },
  { name: "Upstreams", place: { view: "upstreams" } },
  { name: "Config", place: { view: "config" } },
  { name: "Events", place: { view: "events" } },
];

const Listed: readonly { readonly keys: string; readonly does: string }[] = [
  ...Views.map(({ name }, index) => ({ keys: String(index + 1), does: name })),
  { keys: "/", does: "search the streams" },
  { keys: "↓ ↑ or j k", does: "next and previous row, with the focus in a table" },
  { keys: "Enter", does: "open the row with the focus" },
  { keys: "p", does: "pause, and go on" },
  { keys: "t", does: "light, dark, or as the system" },
  { keys: "?", does: "this list" },
  { keys: "Esc", does: "close a dialog" },
];

/** Keys of one character: they can be turned off, for who speaks to the machine (WCAG 2.1.4). */
export function useShortcuts(model: ConsoleModel, theme: ThemeSwitch, onHelp: () => void, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const place = Views[Number(event.key) - 1]?.place;
      if (place !== undefined) model.go(place);
      else if (event.key === "/") search(model);
      else if (event.key === "p") model.isPaused.set(!model.isPaused.value);
      else if (event.key === "t") theme.next();
      else if (event.key === "?") onHelp();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [model, isOn]);
}

function search(model: ConsoleModel): void {
  if (model.place.value.view !== "streams") model.go({ view: "streams", filter: NoFilter });
  // The view may have to be drawn first.
  setTimeout(() => document.getElementById("search")?.focus(), 50);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("input:not([type=radio], [type=checkbox]), select, textarea");
}

/** The list of shortcuts. */
export function ShortcutHelp(props: { readonly areOn: Store<boolean>; readonly onClose: () => void }) {
  const [isOn, setOn] = useState(props.areOn.value);
  const toggle = (on: boolean): void => {
    props.areOn.set(on);
    setOn(on);
  };
  return (
    <Modal title="Keys" onClose={props.onClose}>
      <dl class="keys">
        {Listed.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={({ currentTarget }) => toggle(currentTarget.checked)} />
        keys of one character
      </label>
      <p class="buttons">
        <button type="button" onClick={props.onClose} autofocus>
          Done
        </button>
      </p>
    </Modal>
  );
}
