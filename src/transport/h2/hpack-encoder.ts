import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { DynamicTable, EntryOverheadBytes, StaticEntries, StaticFields } from "./hpack-table.ts";

/** More than this of the table is never used, whatever the peer offers: looking through it costs, too. */
const MaxTableBytes = 4_096;

/** Secrets: what is never put into a table cannot be guessed by what a guess compresses to (RFC 7541 §7.1.3). */
const NeverIndexed: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

/** Values that hardly come twice would only push others out of the table. */
const NotIndexed: ReadonlySet<string> = new Set([":path", "age", "content-length", "date", "etag", "location"]);

const StaticByName = firstIndexes((index) => StaticFields[index * 2 - 2]!);
const StaticByLine = firstIndexes((index) => `${StaticFields[index * 2 - 2]!}\0${StaticFields[index * 2 - 1]!}`);

function firstIndexes(keyOf: (index: number) => string): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  for (let index = StaticEntries; index > 0; index--) indexes.set(keyOf(index), index);
  return indexes;
}

/** Writes the header blocks of one direction of a connection (RFC 7541), in the order in which they leave. */
export class HpackEncoder {
  readonly #table = new DynamicTable(MaxTableBytes);
  /** Sizes that the next block has to tell of (§4.2). */
  readonly #sizeUpdates: number[] = [];
  #target = new Uint8Array(0);
  #position = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE has changed. */
  limitTable(maxBytes: number): void {
    const bytes = Math.min(maxBytes, MaxTableBytes);
    if (bytes === this.#table.maxBytes) return;
    this.#table.resize(bytes);
    // Of many changes the smallest and the last count.
    const smallest = Math.min(bytes, ...this.#sizeUpdates);
    this.#sizeUpdates.splice(0, Infinity, ...(smallest < bytes ? [smallest, bytes] : [bytes]));
  }

  /**
   * The header block of `fields`, names in lower case, one octet per character. The bytes belong to the caller.
   */
  encode(fields: FieldLines): Uint8Array {
    this.#target = new Uint8Array(roomFor(fields));
    this.#position = 0;
    for (const bytes of this.#sizeUpdates.splice(0)) this.#writeInteger(bytes, 5, 0x20);
    for (let at = 0; at < fields.length; at += 2) this.#writeLine(fields[at]!, fields[at + 1]!);
    return this.#target.subarray(0, this.#position);
  }

  #writeLine(name: string, value: string): void {
    const isSecret = NeverIndexed.has(name);
    const index = isSecret ? 0 : this.#indexOf(name, value);
    if (index > 0) return this.#writeInteger(index, 7, 0x80);
    const isAdded = !isSecret && !NotIndexed.has(name) && this.#hasRoomFor(name, value);
    const nameIndex = StaticByName.get(name) ?? 0;
    this.#writeInteger(nameIndex, isAdded ? 6 : 4, isAdded ? 0x40 : isSecret ? 0x10 : 0);
    if (nameIndex === 0) this.#writeText(name);
    this.#writeText(value);
    if (isAdded) this.#table.add(name, value);
  }

  #indexOf(name: string, value: string): number {
    const fixed = StaticByLine.get(`${name}\0${value}`);
    if (fixed !== undefined) return fixed;
    const found = NotIndexed.has(name) ? -1 : this.#table.indexOf(name, value);
    return found < 0 ? 0 : StaticEntries + 1 + found;
  }

  #hasRoomFor(name: string, value: string): boolean {
    return name.length + value.length + EntryOverheadBytes <= this.#table.maxBytes / 2;
  }

  #writeInteger(value: number, prefixBits: number, pattern: number): void {
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.#target[this.#position++] = pattern | value;
      return;
    }
    this.#target[this.#position++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#target[this.#position++] = 0x80 | (rest & 0x7f);
    this.#target[this.#position++] = rest;
  }

  #writeText(text: string): void {
    const coded = huffmanLength(text);
    if (coded < text.length) {
      this.#writeInteger(coded, 7, 0x80);
      this.#position = encodeHuffman(text, this.#target, this.#position);
      return;
    }
    this.#writeInteger(text.length, 7, 0);
    for (let at = 0; at < text.length; at++) this.#target[this.#position++] = text.charCodeAt(at);
  }
}

/** Octets that a block of `fields` takes at most: two size updates, and of each line its octets and three integers. */
function roomFor(fields: FieldLines): number {
  let octets = 12;
  for (const text of fields) octets += text.length + 8;
  return octets;
}
