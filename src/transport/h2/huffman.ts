// The code of RFC 7541 Appendix B is canonical: the lengths of its codewords say it all. Shorter ones come first, and among
// those of one length the symbols are in order.

/** Bits of the codeword of each octet, and of EOS. */
const CodeLengths = [
  ...[
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  ],
  ...[
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
  ],
  ...[
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
  ],
  ...[5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22],
  ...[22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22],
  ...[21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23],
  ...[22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21],
  ...[21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27],
  ...[27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
];

const Eos = 256;
/** What a step of the decoder gives where no codeword has ended, and where EOS has. */
const NoSymbol = 257;

const Codes = assignCodes();

function assignCodes(): Uint32Array {
  const codes = new Uint32Array(CodeLengths.length);
  const symbols = CodeLengths.keys().toArray();
  symbols.sort((a, b) => CodeLengths[a]! - CodeLengths[b]! || a - b);
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    code = code * 2 ** (CodeLengths[symbol]! - length);
    length = CodeLengths[symbol]!;
    codes[symbol] = code++;
  }
  return codes;
}

/** Octets that `text`, one of them per character, takes in the code, its padding included. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += CodeLengths[text.charCodeAt(index) & 0xff]!;
  return (bits + 7) >> 3;
}

/** Writes `text`, one octet per character, into `target` at `offset`; returns the offset behind it. */
export function encodeHuffman(text: string, target: Uint8Array, offset: number): number {
  let position = offset;
  let pending = 0;
  let pendingBits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    let bitsLeft = CodeLengths[symbol]!;
    const code = Codes[symbol]!;
    while (bitsLeft > 0) {
      const taken = Math.min(8 - pendingBits, bitsLeft);
      bitsLeft -= taken;
      pending = (pending << taken) | ((code >>> bitsLeft) & ((1 << taken) - 1));
      pendingBits += taken;
      if (pendingBits < 8) continue;
      target[position++] = pending;
      pending = 0;
      pendingBits = 0;
    }
  }
  // Padded with the first bits of EOS, all of them 1 (§5.2).
  if (pendingBits > 0) target[position++] = (pending << (8 - pendingBits)) | (0xff >> pendingBits);
  return position;
}

/**
 * The code as a machine that takes 4 bits a step: its states are the inner nodes of the tree, the root 0. A step ends at most
 * one codeword, as the shortest has 5 bits.
 */
const Machine = buildMachine();

interface HuffmanMachine {
  /** The state behind a step, at `state * 16 + nibble`. */
  readonly next: Uint8Array;
  /** The symbol that a step ends, {@link NoSymbol} for none. */
  readonly symbol: Uint16Array;
  /** Whether the text may end in a state: at the root, or up to 7 ones behind it (§5.2). */
  readonly mayEnd: Uint8Array;
}

function buildMachine(): HuffmanMachine {
  const tree = buildTree();
  const machine = {
    next: new Uint8Array(tree.length * 16),
    symbol: new Uint16Array(tree.length * 16).fill(NoSymbol),
    mayEnd: new Uint8Array(tree.length),
  };
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state;
      for (let bit = 3; bit >= 0; bit--) {
        const child = tree[node]![(nibble >> bit) & 1]!;
        if (child >= 0) {
          node = child;
          continue;
        }
        machine.symbol[state * 16 + nibble] = ~child;
        node = 0;
      }
      machine.next[state * 16 + nibble] = node;
    }
  }
  for (let ones = 0, node = 0; ones < 8; ones++) {
    machine.mayEnd[node] = 1;
    node = tree[node]![1]!;
  }
  return machine;
}

/** Inner nodes as pairs of children; a child below 0 is the complement of a symbol. */
function buildTree(): number[][] {
  const tree: number[][] = [[]];
  for (const [symbol, length] of CodeLengths.entries()) {
    let node = tree[0]!;
    for (let bit = length - 1; bit > 0; bit--) {
      const branch = (Codes[symbol]! >>> bit) & 1;
      node[branch] ??= tree.push([]) - 1;
      node = tree[node[branch]]!;
    }
    node[Codes[symbol]! & 1] = ~symbol;
  }
  return tree;
}

/**
 * Reads the text that `bytes[start, end)` codes into `target`, which has room for 8/5 of it, and returns how many octets it
 * has; `undefined` where it breaks the code: EOS within, padding of 8 bits or more, or other bits than those of EOS (§5.2).
 */
export function tryDecodeHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number | undefined {
  const { next, symbol, mayEnd } = Machine;
  let state = 0;
  let length = 0;
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    let step = (state << 4) | (byte >> 4);
    if (symbol[step]! < Eos) target[length++] = symbol[step]!;
    else if (symbol[step] === Eos) return undefined;
    step = (next[step]! << 4) | (byte & 15);
    if (symbol[step]! < Eos) target[length++] = symbol[step]!;
    else if (symbol[step] === Eos) return undefined;
    state = next[step]!;
  }
  return mayEnd[state] === 1 ? length : undefined;
}
