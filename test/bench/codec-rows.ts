import { Opcode } from "../../src/protocol/frame/opcode.ts";
import * as hawser from "./codec-hawser.ts";
import { deflatedWire, maskedWire, payloadsOf, type Side, Tally } from "./codec-work.ts";
import * as ws from "./codec-ws.ts";

/** One task that both do. */
export interface Row {
  /** How many messages a run takes. */
  readonly messages: number;
  readonly hawser: Side;
  readonly ws: Side;
  /** Whether what a run gave out, kept, is what it should be. */
  isDone(tally: Tally): boolean;
}

/** Sizes of payloads in bytes. */
export const Sizes = [16, 125, 1_024, 65_536] as const;

/** Each task, and what makes it a row for messages like `payloads`. */
export const Tasks: Readonly<Record<string, (payloads: readonly Buffer[]) => Row>> = {
  decode: (payloads) => {
    const wire = maskedWire(payloads);
    return row(payloads, hawser.decoding(wire), ws.decoding(wire), givesOut(payloads));
  },
  "decode text": (payloads) => {
    const wire = maskedWire(payloads, Opcode.Text);
    return row(payloads, hawser.decoding(wire), ws.decoding(wire), givesOut(payloads));
  },
  scan: (payloads) => {
    const wire = maskedWire(payloads);
    return row(payloads, hawser.scanning(wire), ws.decoding(wire), countsAs(payloads));
  },
  unmask: (payloads) => row(payloads, hawser.unmasking(payloads), ws.unmasking(payloads), givesOut(payloads)),
  encode: (payloads) =>
    row(payloads, hawser.encoding(payloads, "server"), ws.encoding(payloads, "server"), sends(payloads, "client")),
  "encode masked": (payloads) =>
    row(payloads, hawser.encoding(payloads, "client"), ws.encoding(payloads, "client"), sends(payloads, "server")),
  deflate: (all) => {
    const payloads = all.slice(0, 200);
    const isDone = sends(payloads, "client", "deflated");
    return row(payloads, hawser.encoding(payloads, "server", "deflated"), ws.deflating(payloads), isDone);
  },
  inflate: (all) => {
    const payloads = all.slice(0, 200);
    const wire = deflatedWire(payloads);
    return row(payloads, hawser.decoding(wire, "deflated"), ws.inflating(wire, payloads.length), givesOut(payloads));
  },
};

/** Makes the row of `task` for payloads of `size` bytes. */
export function rowOf(task: string, size: number): Row {
  const make = Tasks[task];
  if (make === undefined) throw new Error(`no task ${task}`);
  return make(payloadsOf(size, Math.max(32, Math.ceil(262_144 / size))));
}

function row(payloads: readonly Buffer[], own: Side, theirs: Side, isDone: Row["isDone"]): Row {
  return { messages: payloads.length, hawser: own, ws: theirs, isDone };
}

function countsAs(payloads: readonly Buffer[]): Row["isDone"] {
  const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
  return (tally) => tally.messages === payloads.length && tally.bytes === bytes;
}

function givesOut(payloads: readonly Buffer[]): Row["isDone"] {
  const isCounted = countsAs(payloads);
  return (tally) => isCounted(tally) && tally.kept.equals(Buffer.concat(payloads));
}

function sends(payloads: readonly Buffer[], to: "server" | "client", coding: hawser.Coding = "plain"): Row["isDone"] {
  return ({ kept }) => {
    const received = new Tally("keeps");
    hawser.receive(hawser.machineOf(to, coding), kept, received);
    return givesOut(payloads)(received);
  };
}
