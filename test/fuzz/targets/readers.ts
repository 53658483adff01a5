import { isDeepStrictEqual } from "node:util";
import { framePieces } from "../../support/byte-pieces.ts";
import {
  ByteReaders,
  decodeFrames,
  MachinesUnderTest,
  scanFrames,
  type ByteReader,
} from "../../support/byte-readers.ts";
import { cutAt } from "../../support/cuts.ts";
import { decodeHeaderBlocks, HeaderBlockPieces, headerFaults } from "../../support/h2-byte-readers.ts";
import { comparable, machineFaults, type MachineRun, runMachine } from "../../support/machine-run.ts";
import { refuseFaults, type FuzzTarget } from "../fuzz-target.ts";
import { Random, seedOf } from "../random.ts";

/** `input` cut in a way that follows from it alone, so that it is the same when it is run again. */
function cutByItself(input: Uint8Array): Uint8Array[] {
  const random = new Random(seedOf(input));
  return cutAt(
    input,
    Array.from({ length: 8 }, () => 1 + random.below(random.pick([2, 20, 400]))),
  );
}

function refuseDifference(whole: unknown, cut: unknown): void {
  if (!isDeepStrictEqual(whole, cut)) {
    throw new Error(`cut, it came to ${JSON.stringify(cut)}, and whole to ${JSON.stringify(whole)}`);
  }
}

function nameOf(text: string): string {
  return text
    .replaceAll(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
}

function readerTarget({ name, pieces, read }: ByteReader): FuzzTarget {
  const run = (input: Uint8Array): string => {
    const whole = read([input]);
    refuseDifference(whole, read(cutByItself(input)));
    return "";
  };
  return { name: nameOf(name), pieces, start: () => ({ run }) };
}

function machineTarget(machine: (typeof MachinesUnderTest)[number]): FuzzTarget {
  const run = (input: Uint8Array): string => {
    const whole = runMachine(machine, [input]);
    refuseFaults(machineFaults(machine, whole));
    const cut = runMachine(machine, cutByItself(input));
    refuseFaults(machineFaults(machine, cut));
    refuseDifference(comparable(whole), comparable(cut));
    refuseDifference(comparable(whole), comparable(runMachine({ ...machine, delivery: "mixed" }, cutByItself(input))));
    return signatureOf(whole);
  };
  const pieces = framePieces(machine.role === "server" ? "client" : "server");
  return { name: nameOf(machine.name), pieces, start: () => ({ run }) };
}

/** The first events, and how it ended. */
function signatureOf({ events }: MachineRun): string {
  const types = events.slice(0, 4).map(({ type }) => type);
  const last = events.at(-1);
  return last?.type === "closed" ? `${types.join()} ${last.closing.code} ${last.closing.error?.code}` : types.join();
}

/** Header blocks, one behind the other; a list never passes its limits. */
function runHeaderBlocks(input: Uint8Array): string {
  const lists = decodeHeaderBlocks(cutByItself(input));
  refuseFaults(headerFaults(lists));
  return lists.map((list) => (typeof list === "string" ? list : Math.min(list.length, 6))).join();
}

/** Scanner and decoder see the same frames, as far as both look. */
function runFrames(input: Uint8Array): string {
  const scanned = scanFrames(cutByItself(input));
  const { frames, error } = decodeFrames([input]);
  const found = frames.map(({ fin, rsv, opcode, payload }) => ({ fin, rsv, opcode, length: payload.length }));
  const expected = error === "WS_OPCODE_RESERVED" ? scanned.frames.slice(0, found.length) : scanned.frames;
  refuseDifference(expected, found);
  if (error !== "WS_OPCODE_RESERVED") refuseDifference(scanned.error, error);
  return `${Math.min(found.length, 4)} ${error}`;
}

/** Each reader of bytes, whole against cut; machines also against their laws. */
export const ReaderTargets: readonly FuzzTarget[] = [
  ...ByteReaders.filter(({ name }) => !name.startsWith("ConnectionMachine")).map(readerTarget),
  ...MachinesUnderTest.filter(({ delivery }) => delivery === undefined).map(machineTarget),
  { name: "header-blocks", pieces: HeaderBlockPieces, start: () => ({ run: runHeaderBlocks }) },
  {
    name: "scanner-and-decoder",
    pieces: [...framePieces("client"), ...framePieces("server")],
    start: () => ({ run: runFrames }),
  },
];
