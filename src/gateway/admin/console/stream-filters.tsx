import type { Overview } from "../../telemetry/stream-view.ts";
import { NoFilter, type StreamFilter } from "./place.ts";
import { Choice } from "./titled.tsx";

/** The line of fields above the table of streams. */
export interface StreamFiltersProps {
  readonly routes: Overview["routes"];
  readonly filter: StreamFilter;
  readonly onChange: (change: Partial<StreamFilter>) => void;
}

/** Search and filters. */
export function StreamFilters({ routes, filter, onChange }: StreamFiltersProps) {
  const { search, route, upstream, protocol, order, ascending } = filter;
  return (
    <search class="filters">
      <label class="search">
        <span>Search</span>
        <input
          id="search"
          type="search"
          value={search}
          onInput={({ currentTarget }) => onChange({ search: currentTarget.value })}
          placeholder="id, route, upstream, subprotocol, client"
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      {choicesOf(filter, routes).map(({ label, value, names, change }) => (
        <Choice
          key={label}
          {...{ label, value, options: optionsOf(value, names) }}
          onChange={(name) => onChange(change(name))}
        />
      ))}
      {[search, route, upstream, protocol].some((text) => text !== "") ? (
        <button type="button" class="plain" onClick={() => onChange({ ...NoFilter, order, ascending })}>
          Show all
        </button>
      ) : null}
    </search>
  );
}

function choicesOf({ route, upstream, protocol }: StreamFilter, routes: Overview["routes"]) {
  return [
    {
      label: "Route",
      value: route,
      names: routes.map((one) => one.route),
      change: (name: string) => ({ route: name }),
    },
    {
      label: "Upstream",
      value: upstream,
      names: routes.map((one) => one.upstream),
      change: (name: string) => ({ upstream: name }),
    },
    { label: "Via", value: protocol, names: ["h1", "h2"], change: (name: string) => ({ protocol: name }) },
  ];
}

/** What the address asks for is among them, though the gateway may not know it. */
function optionsOf(value: string, names: readonly string[]) {
  const known = [...new Set([...names, value])].filter((name) => name !== "").sort();
  return [{ value: "", text: "all" }, ...known.map((name) => ({ value: name, text: name }))];
}
