import type { Holdings } from "../support/measured-gateway.ts";

/** What the gateway's process held at one time, with no stream open. */
export interface SoakMark extends Omit<Holdings, "streams"> {
  /** Relays and handler connections that something still refers to. */
  readonly held: number;
  readonly residentBytes: number;
  /** WebSockets opened and ended by then, those of the warm-up not counted. */
  readonly streams: number;
}

/** One engine's soak. */
export interface SoakResult {
  readonly engine: string;
  readonly seconds: number;
  readonly pages: number;
  /** At the start, in the middle, at the end. */
  readonly marks: readonly [SoakMark, SoakMark, SoakMark];
  /** What went otherwise than it should, with how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** What a warmed-up heap may differ by between two collections, whatever was done between them. */
const HeapNoiseBytes = 1_500_000;
/** The allocator gives back when it likes. What is not given back in the second half would be 370 bytes of each WebSocket. */
const ResidentNoiseBytes = 16 * 1024 * 1024;

/** What has grown, or went wrong; empty where nothing did. */
export function soakFaults({ marks: [start, middle, end], failures }: SoakResult): readonly string[] {
  const faults = Array.from(failures, ([what, times]) => `${times} × ${what}`);
  if (end.heapBytes - start.heapBytes > HeapNoiseBytes) faults.push(`the heap grew: ${grown(start, end, "heapBytes")}`);
  if (end.bufferBytes - start.bufferBytes > HeapNoiseBytes)
    faults.push(`the buffers grew: ${grown(start, end, "bufferBytes")}`);
  if (end.residentBytes - middle.residentBytes > ResidentNoiseBytes)
    faults.push(`resident memory grew in the second half: ${grown(middle, end, "residentBytes")}`);
  if (end.descriptors > start.descriptors) faults.push(`descriptors: ${start.descriptors} → ${end.descriptors}`);
  const [before, after] = [start, end].map(({ resources }) => resources.join(", "));
  if (before !== after) faults.push(`handles and timers: ${before} → ${after}`);
  if (end.held > 0) faults.push(`streams held: ${end.held}`);
  if (end.streams === start.streams) faults.push("nothing was opened");
  return [...faults, ...end.warnings];
}

function grown(from: SoakMark, to: SoakMark, what: "heapBytes" | "bufferBytes" | "residentBytes"): string {
  return `${from[what]} → ${to[what]} bytes`;
}

/** The dated page of a soak. */
export function soakPage(
  results: readonly SoakResult[],
  { date, node, machine, command }: Readonly<Record<"date" | "node" | "machine" | "command", string>>,
): string {
  return [
    `# Soak, ${date}`,
    "",
    `\`${command}\`; Node ${node}, ${machine}. Half of the WebSockets over HTTP/1.1, half over HTTP/2; relayed and answered by a`,
    "handler; ended by a Close, the end of the connection, a reset, a broken rule, half a frame, by the client and by the upstream;",
    "pages of 25 reloaded and left. Each measure is taken after garbage collections, with no stream open;",
    "`held` are WebSockets that are over and that something still refers to.",
    ...results.flatMap(section),
    "",
  ].join("\n");
}

function section(result: SoakResult): readonly string[] {
  const faults = soakFaults(result);
  const [, , end] = result.marks;
  return [
    "",
    `## http2.engine: ${result.engine}`,
    "",
    `${end.streams} WebSockets, ${result.pages} pages, in ${Math.round(result.seconds)} s.`,
    "",
    "| at     | WebSockets | heap, KiB | buffers, KiB | RSS, MiB | descriptors | handles | timers | held |",
    "| ------ | ---------- | --------- | ------------ | -------- | ----------- | ------- | ------ | ---- |",
    ...["start", "middle", "end"].map((at, index) => row(at, result.marks[index]!)),
    "",
    ...(faults.length === 0
      ? ["Nothing grew."]
      : ["**Not as it should be:**", "", ...faults.map((fault) => `- ${fault}`)]),
  ];
}

function row(at: string, mark: SoakMark): string {
  const timers = mark.resources.filter((one) => one === "Timeout" || one === "Immediate").length;
  const cells: readonly [string | number, number][] = [
    [at, 6],
    [mark.streams, 10],
    [Math.round(mark.heapBytes / 1_024), 9],
    [Math.round(mark.bufferBytes / 1_024), 12],
    [(mark.residentBytes / 1_048_576).toFixed(1), 8],
    [mark.descriptors, 11],
    [mark.resources.length - timers, 7],
    [timers, 6],
    [mark.held, 4],
  ];
  return `| ${cells.map(([text, width]) => String(text).padEnd(width)).join(" | ")} |`;
}
