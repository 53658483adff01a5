import type { StreamView } from "../gateway/telemetry/stream-view.ts";
import type { AdminClient } from "./admin-client.ts";
import type { OptionValues } from "./command-line.ts";
import { amount } from "./quantities.ts";
import type { ScreenOutput } from "./screen.ts";
import { streamTable } from "./stream-table.ts";
import { writeWhole } from "./terminal.ts";

const Filters = ["route", "upstream", "protocol", "search", "order"] as const;
/** Wide enough for every column: what reads this is no terminal. */
const AllColumns = 400;

/**
 * Prints the streams that `options` ask for: a table, or each as a line of JSON. What nobody reads yet is waited for.
 *
 * @throws AdminFailure where the gateway cannot be asked.
 */
export async function listStreams(
  client: Pick<AdminClient, "lines">,
  options: OptionValues,
  output: ScreenOutput,
): Promise<void> {
  const query = new URLSearchParams();
  for (const name of Filters) {
    const value = options.get(name);
    if (value !== undefined) query.set(name, value);
  }
  if (options.has("ascending")) query.set("ascending", "true");
  const limit = Number(options.get("limit") ?? Number.POSITIVE_INFINITY);
  const streams: StreamView[] = [];
  let count = 0;
  for await (const line of client.lines(query)) {
    if (count === limit) break;
    count += 1;
    if (options.has("json")) await writeWhole(output, `${line}\n`);
    else streams.push(JSON.parse(line));
  }
  if (options.has("json")) return;
  const lines = [...streamTable(streams, { columns: output.columns ?? AllColumns }), amount(count, "stream")];
  await writeWhole(output, `${lines.join("\n")}\n`);
}
