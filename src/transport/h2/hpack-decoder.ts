import { tryDecodeHuffman } from "./huffman.ts";
import { DynamicTable, EntryOverheadBytes, StaticEntries, StaticFields } from "./hpack-table.ts";

/** A header block that is not HPACK: a connection error COMPRESSION_ERROR (RFC 9113 §4.3). */
export class HpackError extends Error {
  override readonly name = "HpackError";
}

/** How large a decoded header block may be. */
export interface FieldLimits {
  /** Name, value and 32 octets for each field line (RFC 9113 §6.5.2). */
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
}

/** Beyond this an integer is none that a sound peer has a use for, and bit operations would no longer hold it. */
const MaxInteger = 2 ** 28;

/**
 * Reads the header blocks of one direction of a connection (RFC 7541), in the order in which they came: each changes the
 * table that the next one refers to.
 */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  #end = 0;
  #scratch = Buffer.alloc(0);
  #name = "";
  #value = "";
  #keptFields: readonly string[] = [];

  /** @param maxTableBytes - SETTINGS_HEADER_TABLE_SIZE as it was advertised. */
  constructor(maxTableBytes = 4_096) {
    this.#maxTableBytes = maxTableBytes;
    this.#table = new DynamicTable(maxTableBytes);
  }

  /** The first field lines of the last block that had too many: as many as its limits allowed. */
  get keptFields(): readonly string[] {
    return this.#keptFields;
  }

  /**
   * The field lines of a whole header block as name, value, name, value …, octets as characters, nothing of them judged;
   * `undefined` where they are more than `limits` allow. Such a block is read to its end all the same, for the table's sake,
   * but what is too much is not kept.
   *
   * @throws HpackError; the decoder must not be used again.
   */
  decode(block: Uint8Array, limits: FieldLimits): string[] | undefined {
    this.#bytes = block;
    this.#position = 0;
    this.#end = block.length;
    this.#readSizeUpdates();
    const fields: string[] = [];
    let listBytes = 0;
    let count = 0;
    while (this.#position < this.#end) {
      this.#readLine();
      listBytes += this.#name.length + this.#value.length + EntryOverheadBytes;
      count += 1;
      if (listBytes <= limits.maxHeaderBytes && count <= limits.maxHeaderCount) fields.push(this.#name, this.#value);
    }
    if (count * 2 === fields.length) return fields;
    this.#keptFields = fields;
    return undefined;
  }

  /** Only in front of the first line, and at most two: down, and up again (§4.2). */
  #readSizeUpdates(): void {
    for (let updates = 0; (this.#peek() & 0xe0) === 0x20; updates++) {
      const maxBytes = this.#readInteger(5);
      if (updates === 2 || maxBytes > this.#maxTableBytes) throw new HpackError("a size update that may not be");
      this.#table.resize(maxBytes);
    }
  }

  /** Leaves the next line in `#name` and `#value`: a pair of them would be an object for each line. */
  #readLine(): void {
    const first = this.#peek();
    if (first >= 0x80) {
      const index = this.#readInteger(7);
      this.#name = this.#nameAt(index);
      this.#value = this.#valueAt(index);
      return;
    }
    // A size update behind a line is none that may be.
    if ((first & 0xe0) === 0x20) throw new HpackError("a size update behind a field line");
    const isIndexed = first >= 0x40;
    const index = this.#readInteger(isIndexed ? 6 : 4);
    this.#name = index === 0 ? this.#readText() : this.#nameAt(index);
    this.#value = this.#readText();
    if (isIndexed) this.#table.add(this.#name, this.#value);
  }

  #nameAt(index: number): string {
    return this.#isStatic(index) ? StaticFields[index * 2 - 2]! : this.#table.name(index - StaticEntries - 1);
  }

  #valueAt(index: number): string {
    return this.#isStatic(index) ? StaticFields[index * 2 - 1]! : this.#table.value(index - StaticEntries - 1);
  }

  #isStatic(index: number): boolean {
    if (index === 0 || index > StaticEntries + this.#table.entries) throw new HpackError("an index of no entry");
    return index <= StaticEntries;
  }

  /** An integer whose first bits are the last `prefixBits` of the next octet (§5.1). */
  #readInteger(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const octet = this.#next();
      value += (octet & 0x7f) * 2 ** shift;
      if (value > MaxInteger) break;
      if (octet < 0x80) return value;
    }
    throw new HpackError("an integer that is too large");
  }

  /** A string literal (§5.2). */
  #readText(): string {
    const isHuffman = this.#peek() >= 0x80;
    const length = this.#readInteger(7);
    const start = this.#position;
    if (length > this.#end - start) throw new HpackError("a header block that breaks off");
    this.#position += length;
    const bytes = this.#bytes;
    if (!isHuffman) return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("latin1");
    // The shortest codewords have 5 bits.
    const room = Math.ceil((length * 8) / 5);
    if (this.#scratch.length < room) this.#scratch = Buffer.allocUnsafeSlow(Math.max(room, 256));
    const decoded = tryDecodeHuffman(bytes, start, start + length, this.#scratch);
    if (decoded === undefined) throw new HpackError("a string that breaks the Huffman code");
    return this.#scratch.toString("latin1", 0, decoded);
  }

  #peek(): number {
    return this.#position < this.#end ? this.#bytes[this.#position]! : 0;
  }

  #next(): number {
    if (this.#position === this.#end) throw new HpackError("a header block that breaks off");
    return this.#bytes[this.#position++]!;
  }
}
