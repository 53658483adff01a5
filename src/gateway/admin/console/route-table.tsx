import { formatBytes, formatCount, formatExact, formatRate } from "./formatting.ts";
import type { RouteLine } from "./overview-history.ts";
import { hashOf, NoFilter } from "./place.ts";

interface RouteColumn {
  readonly name: string;
  readonly title: string;
  /** `wide` leaves where there is no room. */
  readonly kind?: "wide";
  readonly text: (line: RouteLine) => string;
}

const Columns: readonly RouteColumn[] = [
  { name: "open", title: "WebSockets open now", text: ({ open }) => formatExact(open) },
  {
    name: "opened",
    kind: "wide",
    title: "WebSockets opened since the gateway started",
    text: ({ opened }) => formatCount(opened),
  },
  {
    name: "msg/s",
    title: "messages per second, both directions",
    text: ({ messagesPerSecond }) => formatRate(messagesPerSecond),
  },
  {
    name: "rate",
    title: "bytes per second, both directions",
    text: ({ bytesPerSecond }) => `${formatBytes(bytesPerSecond)}/s`,
  },
  {
    name: "messages",
    kind: "wide",
    title: "messages since the gateway started, both directions",
    text: ({ messages }) => formatCount(messages),
  },
  {
    name: "bytes",
    kind: "wide",
    title: "bytes since the gateway started, both directions",
    text: ({ bytes }) => formatBytes(bytes),
  },
];

/** Routes with what they carry; each leads to its streams. */
export function RouteTable({ lines }: { readonly lines: readonly RouteLine[] }) {
  return (
    <div class="sideways" tabIndex={0} role="region" aria-label="Routes">
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">route</th>
            <th scope="col" class="wide">
              upstream
            </th>
            {Columns.map(({ name, title, kind = "" }) => (
              <th key={name} scope="col" class={`number ${kind}`} title={title}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.route} ${line.upstream}`}>
              <th scope="row">
                <a href={hashOf({ view: "streams", filter: { ...NoFilter, route: line.route } })}>{line.route}</a>
              </th>
              <td class="wide">{line.upstream}</td>
              {Columns.map(({ name, text, kind = "" }) => (
                <td key={name} class={`number ${kind}`}>
                  {text(line)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
