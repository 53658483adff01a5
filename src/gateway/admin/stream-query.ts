import { StreamOrders, type StreamQuery } from "../telemetry/stream-view.ts";

/** Streams of one page. */
const MaxLimit = 1_000;
const StandardLimit = 100;
/** No name or address is longer; it is compared with each stream. */
const MaxTextLength = 256;

const Protocols = ["h1", "h2"] as const;
const Flags = ["true", "false", "1", "0"] as const;
const Formats = ["json", "ndjson"] as const;

/** What `GET /streams` was asked for, or what about that makes no sense: a line that names what would. */
export type StreamRequest =
  | { readonly ok: true; readonly query: StreamQuery; readonly format: (typeof Formats)[number] | undefined }
  | { readonly ok: false; readonly complaint: string };

/** Reads the query of a URL. */
export function readStreamQuery(query: URLSearchParams): StreamRequest {
  const complaints: string[] = [];
  const reader = new QueryReader(query, complaints);
  const read: StreamQuery = {
    route: reader.text("route"),
    upstream: reader.text("upstream"),
    protocol: reader.word("protocol", Protocols),
    search: reader.text("search"),
    order: reader.word("order", StreamOrders) ?? "rate",
    ascending: isTrue(reader.word("ascending", Flags)),
    offset: reader.number("offset", { from: 0, to: Number.MAX_SAFE_INTEGER }) ?? 0,
    limit: reader.number("limit", { from: 1, to: MaxLimit }) ?? StandardLimit,
  };
  const format = reader.word("format", Formats);
  reader.refuseOthers();
  const [complaint] = complaints;
  return complaint === undefined ? { ok: true, query: read, format } : { ok: false, complaint };
}

/** Reads `name`, a flag that is alone in the query of a URL. */
export function readFlag(
  query: URLSearchParams,
  name: string,
): { readonly ok: true; readonly value: boolean } | { readonly ok: false; readonly complaint: string } {
  const complaints: string[] = [];
  const reader = new QueryReader(query, complaints);
  const value = isTrue(reader.word(name, Flags));
  reader.refuseOthers();
  const [complaint] = complaints;
  return complaint === undefined ? { ok: true, value } : { ok: false, complaint };
}

function isTrue(word: (typeof Flags)[number] | undefined): boolean {
  return word === "true" || word === "1";
}

/** Takes values by their name, and remembers what was asked for. */
class QueryReader {
  readonly #query: URLSearchParams;
  readonly #complaints: string[];
  readonly #known: string[] = [];

  constructor(query: URLSearchParams, complaints: string[]) {
    this.#query = query;
    this.#complaints = complaints;
  }

  /** Empty is the same as absent, as forms send it. */
  text(name: string): string | undefined {
    this.#known.push(name);
    const value = this.#query.get(name);
    if (value !== null && value.length > MaxTextLength) {
      this.#complaints.push(`${name} is longer than ${MaxTextLength} letters`);
    }
    return value === null || value === "" ? undefined : value;
  }

  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name);
    const word = words.find((one) => one === value);
    if (value !== undefined && word === undefined) this.#complaints.push(`${name} is one of ${words.join(", ")}`);
    return word;
  }

  number(name: string, { from, to }: { readonly from: number; readonly to: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= from && number <= to) return number;
    this.#complaints.push(`${name} is a whole number from ${from} to ${to}`);
    return undefined;
  }

  refuseOthers(): void {
    for (const name of this.#query.keys()) {
      if (!this.#known.includes(name)) {
        this.#complaints.push(
          `there is no ${JSON.stringify(name.slice(0, 40))} here; known are ${this.#known.join(", ")}`,
        );
      }
    }
  }
}
