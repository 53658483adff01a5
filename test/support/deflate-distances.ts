/** Code lengths to symbols, as RFC 1951 §3.2.2 makes them: from `length,code` to the symbol. */
type Codes = ReadonlyMap<string, number>;

const CodeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Reads the bits of DEFLATE, lowest first. */
class Bits {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#bytes.length * 8 - this.#position < 8;
  }

  take(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++, this.#position++) {
      value |= (((this.#bytes[this.#position >> 3] ?? 0) >> (this.#position & 7)) & 1) << index;
    }
    return value;
  }

  symbol(codes: Codes): number {
    let code = 0;
    for (let length = 1; length <= 15; length++) {
      code = (code << 1) | this.take(1);
      const symbol = codes.get(`${length},${code}`);
      if (symbol !== undefined) return symbol;
    }
    throw new Error("no such code");
  }

  skipStored(): void {
    this.#position = Math.ceil(this.#position / 8) * 8;
    const length = this.take(16);
    this.#position += 16 + length * 8;
  }
}

/** The longest distance back that `deflate`, a message without its 00 00 ff ff, refers to: an inflater that only measures. */
export function longestDistance(deflate: Uint8Array): number {
  const bits = new Bits(new Uint8Array([...deflate, 0x00, 0x00, 0xff, 0xff]));
  let longest = 0;
  while (!bits.isAtEnd) {
    bits.take(1);
    const type = bits.take(2);
    if (type === 0) bits.skipStored();
    else longest = Math.max(longest, longestIn(bits, type === 1 ? fixedCodes() : readCodes(bits)));
  }
  return longest;
}

function longestIn(
  bits: Bits,
  { literals, distances }: { readonly literals: Codes; readonly distances: Codes },
): number {
  let longest = 0;
  for (let symbol = bits.symbol(literals); symbol !== 256; symbol = bits.symbol(literals)) {
    if (symbol < 256) continue;
    bits.take(symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2);
    const distance = bits.symbol(distances);
    const extra = distance < 4 ? 0 : (distance - 2) >> 1;
    const base = distance < 4 ? distance + 1 : ((2 + (distance & 1)) << extra) + 1;
    longest = Math.max(longest, base + bits.take(extra));
  }
  return longest;
}

function codesOf(lengths: readonly number[]): Codes {
  const codes = new Map<string, number>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, own] of lengths.entries()) {
      if (own === length) codes.set(`${length},${code++}`, symbol);
    }
    code <<= 1;
  }
  return codes;
}

function fixedCodes() {
  const lengths = Array.from({ length: 288 }, (_, symbol) =>
    symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  );
  return { literals: codesOf(lengths), distances: codesOf(Array<number>(30).fill(5)) };
}

function readCodes(bits: Bits) {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const lengthLengths = Array<number>(19).fill(0);
  const count = bits.take(4) + 4;
  for (let index = 0; index < count; index++) lengthLengths[CodeLengthOrder[index]!] = bits.take(3);
  const lengthCodes = codesOf(lengthLengths);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(lengthCodes);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) lengths.push(...Array<number>(bits.take(2) + 3).fill(lengths.at(-1) ?? 0));
    else lengths.push(...Array<number>(symbol === 17 ? bits.take(3) + 3 : bits.take(7) + 11).fill(0));
  }
  return { literals: codesOf(lengths.slice(0, literals)), distances: codesOf(lengths.slice(literals)) };
}
