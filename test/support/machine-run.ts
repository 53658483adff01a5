import { isSendable } from "../../src/protocol/close-code.ts";
import { errorCatalogue } from "../../src/protocol/errors.ts";
import type { Frame } from "../../src/protocol/frame/frame.ts";
import { tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { parseFrameHeader } from "../../src/protocol/frame/frame-header.ts";
import { brokenRule, type FrameRules } from "../../src/protocol/frame/frame-rules.ts";
import { isControl, Opcode } from "../../src/protocol/frame/opcode.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import {
  type Closing,
  type ConnectionEvent,
  ConnectionMachine,
} from "../../src/protocol/message/connection-machine.ts";
import type { Extension } from "../../src/protocol/message/extension.ts";
import type { MessagePart } from "../../src/protocol/message/message.ts";
import { parseText } from "../../src/protocol/message/utf8.ts";
import { joined } from "./bits.ts";

/** So tight that inputs of a few hundred bytes meet each of them. */
export const TightLimits = { maxMessageBytes: 300, maxFrameBytes: 200, maxFragments: 6 };

/** Which endpoint reads. */
export interface MachineUnderTest {
  readonly role: "server" | "client";
  /** Makes the extensions anew for each run: they remember. */
  extensions?(): readonly Extension[];
  /** How messages come out: `mixed` goes from one to the other at every third read. Whole, if not told. */
  readonly delivery?: "whole" | "parts" | "mixed";
}

/** All that came of some bytes, up to the transport's end behind them. */
export interface MachineRun {
  /** Messages whole, however they came out. */
  readonly events: readonly WholeEvent[];
  /** What was to be sent, as one. */
  readonly output: Uint8Array;
  readonly state: ConnectionMachine["state"];
}

/** Feeds `chunks` to a fresh machine under {@link TightLimits}, then lets the peer end the transport. */
export function runMachine(
  { role, extensions, delivery = "whole" }: MachineUnderTest,
  chunks: readonly Uint8Array[],
): MachineRun {
  const machine = new ConnectionMachine({
    role,
    extensions: extensions?.(),
    ...TightLimits,
    incoming: new Traffic(),
    outgoing: new Traffic(),
  });
  const events: ConnectionEvent[] = [];
  const output: Uint8Array[] = [];
  const take = (): void => {
    const event = machine.takeEvent();
    if (event) events.push(event);
    output.push(...machine.takeOutput());
  };
  let reads = 0;
  for (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; reads++) {
      if (delivery === "parts" || (delivery === "mixed" && reads % 6 === 3)) machine.deliverParts();
      else if (delivery === "mixed" && reads % 6 === 0) machine.deliverWhole();
      take();
      const next = machine.read(chunk, offset, chunk.length);
      if (next <= offset || next > chunk.length) throw new Error(`read went from ${offset} to ${next}`);
      offset = next;
      take();
    }
  }
  machine.end("peer");
  take();
  return { events: assembled(events), output: joined(output), state: machine.state };
}

type WholeEvent = Exclude<ConnectionEvent, MessagePart>;

/**
 * `events` with each message that came in parts as a whole one, in the place of its last part; one that was not completed is
 * left out.
 */
function assembled(events: readonly ConnectionEvent[]): WholeEvent[] {
  let parts: MessagePart[] = [];
  return events.flatMap((event) => {
    if (event.type !== "part") return [event];
    if (event.isFirst !== (parts.length === 0))
      throw new Error("a part that is first within a message, or not at its begin");
    parts.push(event);
    if (!event.isLast) return [];
    const data = joined(parts.map((part) => part.data));
    parts = [];
    return event.of === "text" ? [{ type: "text", text: parseText(data) }] : [{ type: "binary", data }];
  });
}

/** What must be the same however the bytes were cut: all but the masking keys and the words of errors. */
export function comparable({ events, output, state }: MachineRun): unknown {
  return { events: events.map(comparableEvent), sent: framesIn(output), state };
}

function comparableEvent(event: WholeEvent): unknown {
  if (event.type !== "closed") return event;
  const { code, initiator, clean, error } = event.closing;
  return { code, initiator, clean, error: error?.code };
}

/** The whole frames at the start of `wire`, unmasked. */
export function framesIn(wire: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0, next = tryDecodeFrame(wire); next; next = tryDecodeFrame(wire, at)) {
    frames.push(next.frame);
    at += next.length;
  }
  return frames;
}

/** What must never be of a machine, one line each, whatever it was fed. */
export function machineFaults({ role }: MachineUnderTest, run: MachineRun): string[] {
  return [...eventFaults(run), ...outputFaults(role, run)];
}

function eventFaults({ events, state }: MachineRun): string[] {
  const faults: string[] = [];
  if (state !== "closed") faults.push(`${state} after the transport's end`);
  const closings = events.flatMap((event) => (event.type === "closed" ? [event.closing] : []));
  if (closings.length !== 1 || events.at(-1)?.type !== "closed")
    faults.push(`${closings.length} ends, or not at the end`);
  for (const event of events) {
    if (event.type === "closed") faults.push(...closingFaults(event.closing));
    else if (bytesOf(event) > TightLimits.maxMessageBytes) faults.push(`${event.type} of ${bytesOf(event)} bytes`);
  }
  return faults;
}

function bytesOf(event: Exclude<WholeEvent, { type: "closed" }>): number {
  if (event.type === "text") return event.text.isWellFormed() ? Buffer.byteLength(event.text) : Infinity;
  return "data" in event ? event.data.length : event.payload.length;
}

function closingFaults({ code, clean, error }: Closing): string[] {
  const isKnown = isSendable(code) || code === 1005 || code === 1006;
  const faults = isKnown ? [] : [`closed with ${code}`];
  if (error && (clean || !Object.hasOwn(errorCatalogue, error.code) || code !== error.closeCode)) {
    faults.push(`${error.code} closed with ${code}, clean is ${clean}`);
  }
  return faults;
}

function outputFaults(role: "server" | "client", { events, output }: MachineRun): string[] {
  const faults = wireFaults(output, { sender: role, allowedRsv: 0, insideMessage: false });
  const opcodes = framesIn(output).map(({ opcode }) => opcode);
  if (!opcodes.every(isControl)) faults.push("sent a message nobody asked for");
  const pings = events.filter((event) => event.type === "ping").length;
  const pongs = opcodes.filter((opcode) => opcode === Opcode.Pong).length;
  if (pings !== pongs) faults.push(`${pongs} Pongs to ${pings} Pings`);
  return faults;
}

/** What of `wire`, all that an endpoint has sent, its peer could not take, one line each. */
export function wireFaults(wire: Uint8Array, rules: FrameRules): string[] {
  const faults: string[] = [];
  let { insideMessage } = rules;
  let isOver = false;
  for (let at = 0; at < wire.length;) {
    const header = parseFrameHeader(wire, at);
    if (!header) return [...faults, "half a header sent"];
    const broken = brokenRule(header, { ...rules, insideMessage });
    if (broken) faults.push(`sent what breaks ${broken}`);
    if (isOver) faults.push("sent something behind a Close");
    isOver = header.opcode === Opcode.Close;
    if (!isControl(header.opcode)) insideMessage = !header.fin;
    at += header.headerLength + header.payloadLength;
    if (at > wire.length) faults.push("half a frame sent");
  }
  return faults;
}
