import { joined } from "../support/bits.ts";
import type { Random } from "./random.ts";

/** What a new input is made from. */
export interface Material {
  /** Inputs that are known; not empty. */
  readonly inputs: readonly Uint8Array[];
  /** Parts that mean something to the target. */
  readonly pieces: readonly Uint8Array[];
  readonly maxBytes: number;
}

const InterestingBytes = [
  0x00, 0x01, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x88, 0x89, 0xfe, 0xff,
];

type Mutation = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array;

const Mutations: readonly Mutation[] = [
  (bytes, random) => withByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => withByte(bytes, random, () => random.pick(InterestingBytes)),
  (bytes, random) => withByte(bytes, random, (byte) => byte + random.below(9) - 4),
  (bytes, random) => withByte(bytes, random, () => random.below(256)),
  (bytes, random) => insert(bytes, random, noise(random)),
  (bytes, random) => insert(bytes, random, Uint8Array.of(random.pick(InterestingBytes))),
  (bytes, random) => insert(bytes, random, rangeOf(bytes, random)),
  (bytes, random) => remove(bytes, random),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random, { pieces }) => insert(bytes, random, random.pick(pieces)),
  (bytes, random, { pieces }) => joined([bytes, random.pick(pieces)]),
  (bytes, random, { pieces }) => insert(remove(bytes, random), random, rangeOf(random.pick(pieces), random)),
  (bytes, random, { inputs }) => insert(bytes, random, rangeOf(random.pick(inputs), random)),
  (bytes, random, { inputs }) => joined([bytes, random.pick(inputs)]),
];

/** A new input, made of a known one, or of some pieces, in 1 to 8 steps. */
export function mutate(random: Random, material: Material): Uint8Array {
  let bytes = random.below(4) === 0 ? assemble(random, material) : random.pick(material.inputs);
  for (let steps = 1 << random.below(4); steps > 0; steps--) {
    bytes = random.pick(Mutations)(bytes, random, material).subarray(0, material.maxBytes);
  }
  return bytes.slice();
}

function assemble(random: Random, { pieces }: Material): Uint8Array {
  return joined(Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)));
}

function withByte(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const at = random.below(copy.length);
  copy[at] = change(copy[at]!);
  return copy;
}

function insert(bytes: Uint8Array, random: Random, piece: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  return joined([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length);
  const end = start + 1 + random.below(Math.min(bytes.length - start, 1 << random.below(8)));
  return joined([bytes.subarray(0, start), bytes.subarray(end)]);
}

function rangeOf(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length);
  return bytes.subarray(start, start + 1 + random.below(bytes.length - start));
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
}
