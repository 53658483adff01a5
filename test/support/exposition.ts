/** Sample values of a Prometheus text exposition, by series as written: `name{label="value",…}`, labels sorted by name. */
export type Exposition = ReadonlyMap<string, number>;

const Sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const Label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Reads the text format 0.0.4. @throws Error on a line that is neither a comment nor a sample, and on a doubled series. */
export function parseExposition(text: string): Exposition {
  const samples = new Map<string, number>();
  if (text !== "" && !text.endsWith("\n")) throw new Error("the exposition does not end with a line feed");
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", labels = "", value = ""] = Sample.exec(line) ?? [];
    if (name === "") throw new Error(`not a sample: ${line}`);
    const key = seriesOf(name, parseLabels(labels));
    if (samples.has(key)) throw new Error(`series appears twice: ${key}`);
    samples.set(key, parseValue(value));
  }
  return samples;
}

/** The key of a series in an {@link Exposition}. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.toSorted().join(",")}}`;
}

/** The sum of every series of `name` whose labels include `labels`; 0 if there is none. */
export function sumOf(exposition: Exposition, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  let sum = 0;
  for (const [series, value] of exposition) {
    const [ownName, ownLabels] = partsOf(series);
    if (ownName === name && wanted.every((pair) => `,${ownLabels},`.includes(`,${pair},`))) sum += value;
  }
  return sum;
}

/**
 * What is wrong with the families of an exposition by the rules of Prometheus' naming practices, as `promtool check
 * metrics` applies them: one line each.
 */
export function expositionFaults(text: string): string[] {
  const faults: string[] = [];
  const types = new Map<string, string>();
  const helped = new Set<string>();
  for (const line of text.split("\n")) {
    const [, what = "", name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (what === "HELP" && rest !== "") helped.add(name);
    if (what === "TYPE") types.set(name, rest);
  }
  for (const [name, type] of types) {
    if (!helped.has(name)) faults.push(`${name}: no help text`);
    if ((type === "counter") !== name.endsWith("_total"))
      faults.push(`${name}: counters, and only they, end in _total`);
    if (/_(milliseconds|ms|minutes|hours|days|kilobytes|megabytes|percent)(_|$)/.test(name)) {
      faults.push(`${name}: not in base units`);
    }
  }
  for (const series of parseExposition(text).keys()) {
    const [name] = partsOf(series);
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
    if (!types.has(family)) faults.push(`${name}: no type`);
  }
  return faults;
}

/** Name and labels, without the braces. */
function partsOf(series: string): [name: string, labels: string] {
  const brace = series.indexOf("{");
  return brace === -1 ? [series, ""] : [series.slice(0, brace), series.slice(brace + 1, -1)];
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  Label.lastIndex = 0;
  while (Label.lastIndex < text.length) {
    const [, name = "", value = ""] = Label.exec(text) ?? [];
    if (name === "" || name in labels) throw new Error(`labels cannot be read: ${text}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function parseValue(text: string): number {
  if (text === "+Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  if (text === "NaN" || text === "Nan") return NaN;
  if (text.trim() === "" || Number.isNaN(Number(text))) throw new Error(`not a value: ${text}`);
  return Number(text);
}
