/** What a field line takes of a table beside its octets (RFC 7541 §4.1). */
export const EntryOverheadBytes = 32;

/** The static table (RFC 7541 Appendix A) as name, value, name, value …; its first index is 1. */
export const StaticFields = [
  ...[":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http"],
  ...[":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400"],
  ...[
    ":status",
    "404",
    ":status",
    "500",
    "accept-charset",
    "",
    "accept-encoding",
    "gzip, deflate",
    "accept-language",
    "",
  ],
  ...[
    "accept-ranges",
    "",
    "accept",
    "",
    "access-control-allow-origin",
    "",
    "age",
    "",
    "allow",
    "",
    "authorization",
    "",
  ],
  ...[
    "cache-control",
    "",
    "content-disposition",
    "",
    "content-encoding",
    "",
    "content-language",
    "",
    "content-length",
    "",
  ],
  ...[
    "content-location",
    "",
    "content-range",
    "",
    "content-type",
    "",
    "cookie",
    "",
    "date",
    "",
    "etag",
    "",
    "expect",
    "",
  ],
  ...[
    "expires",
    "",
    "from",
    "",
    "host",
    "",
    "if-match",
    "",
    "if-modified-since",
    "",
    "if-none-match",
    "",
    "if-range",
    "",
  ],
  ...["if-unmodified-since", "", "last-modified", "", "link", "", "location", "", "max-forwards", ""],
  ...[
    "proxy-authenticate",
    "",
    "proxy-authorization",
    "",
    "range",
    "",
    "referer",
    "",
    "refresh",
    "",
    "retry-after",
    "",
  ],
  ...[
    "server",
    "",
    "set-cookie",
    "",
    "strict-transport-security",
    "",
    "transfer-encoding",
    "",
    "user-agent",
    "",
    "vary",
    "",
  ],
  ...["via", "", "www-authenticate", ""],
] as const;

export const StaticEntries = StaticFields.length / 2;

/** The dynamic table of one direction of a connection (RFC 7541 §2.3.2): the newest entry has the lowest index. */
export class DynamicTable {
  /** Name, value, name, value … oldest first. Those in front of `#first` are gone. */
  #lines: string[] = [];
  #first = 0;
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How much its entries may take. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** How many entries it has. */
  get entries(): number {
    return (this.#lines.length - this.#first) / 2;
  }

  /** Changes its size; evicts what does not fit any more (§4.3). */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  /** The name of the entry with `index`, the newest having 0. */
  name(index: number): string {
    return this.#lines[this.#lines.length - 2 - index * 2]!;
  }

  /** The value of the entry with `index`, the newest having 0. */
  value(index: number): string {
    return this.#lines[this.#lines.length - 1 - index * 2]!;
  }

  /** Adds a field line; one that is larger than the table empties it (§4.4). */
  add(name: string, value: string): void {
    this.#lines.push(name, value);
    this.#bytes += name.length + value.length + EntryOverheadBytes;
    this.#evict();
  }

  /** The index of an entry with `name` and `value`, the newest having 0; -1 for none. */
  indexOf(name: string, value: string): number {
    for (let at = this.#lines.length - 2; at >= this.#first; at -= 2) {
      if (this.#lines[at] === name && this.#lines[at + 1] === value) return (this.#lines.length - 2 - at) / 2;
    }
    return -1;
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      this.#bytes -= this.#lines[this.#first]!.length + this.#lines[this.#first + 1]!.length + EntryOverheadBytes;
      this.#first += 2;
    }
    // Moving what is left costs little once it is less than half of the array.
    if (this.#first * 2 <= this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}
