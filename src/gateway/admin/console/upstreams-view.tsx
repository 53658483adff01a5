import type { UpstreamLine } from "../upstream-lines.ts";
import type { ConsoleModel } from "./console-model.ts";
import { formatCount, formatExact } from "./formatting.ts";
import { hashOf, NoFilter } from "./place.ts";
import { Empty, TitleLine } from "./titled.tsx";
import { usePolled } from "./use-polled.ts";

/** The share of dials that fail from which on it is marked. */
const Worrying = 0.01;

/** Where the gateway dials, and how that goes. */
export function UpstreamsView({ model }: { readonly model: ConsoleModel }) {
  const { value, error } = usePolled(model, "upstreams", 2000, (signal) => model.api.upstreams(signal));
  return (
    <>
      <TitleLine title="Upstreams" says={error ?? (value === undefined ? "loading" : "")} />
      {value?.length === 0 ? (
        <Empty title="The config has no upstream.">Its routes are served by handlers, or from folders.</Empty>
      ) : null}
      {value === undefined || value.length === 0 ? null : <UpstreamTable lines={value} />}
    </>
  );
}

function UpstreamTable({ lines }: { readonly lines: readonly UpstreamLine[] }) {
  const heads = [
    { name: "open", title: "WebSockets open now" },
    { name: "dials", title: "attempts to get a WebSocket since the gateway started" },
    { name: "failures", title: "attempts that did not get one" },
    { name: "failed", title: "failures among all attempts" },
  ];
  return (
    <div class="sideways" tabIndex={0} role="region" aria-label="Upstreams">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">upstream</th>
            <th scope="col" title="where it is dialed">
              addresses
            </th>
            {heads.map(({ name, title }) => (
              <th key={name} scope="col" class="number" title={title}>
                {name}
              </th>
            ))}
            <th scope="col" title="attempts by what became of them">
              results
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <UpstreamRow key={line.name} {...line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function UpstreamRow({ name, addresses, open, dials, failures, results }: UpstreamLine) {
  const counted = Object.entries(results).filter(([, count]) => count > 0);
  return (
    <tr>
      <th scope="row">
        <a href={hashOf({ view: "streams", filter: { ...NoFilter, upstream: name } })}>{name}</a>
      </th>
      <td>{addresses.join(", ")}</td>
      <td class="number">{formatExact(open)}</td>
      <td class="number">{formatCount(dials)}</td>
      <td class="number">{formatCount(failures)}</td>
      <td class={failures > dials * Worrying ? "number bad" : "number"}>{shareOf(failures, dials)}</td>
      <td class="muted">{counted.map(([result, count]) => `${formatCount(count)} ${result}`).join(", ")}</td>
    </tr>
  );
}

function shareOf(part: number, all: number): string {
  if (all === 0 || part === 0) return "0 %";
  const percent = (100 * part) / all;
  return percent < 0.1 ? "<0.1 %" : `${percent.toFixed(1)} %`;
}
