import { Pipe, type PipeEvent } from "../../src/gateway/serving/pipe.ts";
import type { MessageLimits } from "../../src/protocol/frame/message-meter.ts";
import { MessageSizes } from "../../src/protocol/frame/message-sizes.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import type { ByteStream, BytesLifetime } from "../../src/transport/byte-stream.ts";
import { hex, joined } from "./bits.ts";

export const StallMs = 60_000;

/** What the receiver was given, or the sender was asked; the same array as the one that was written, not a copy. */
interface Write {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly lifetime: BytesLifetime;
}

/** A stream that takes what it gets, `false` while it is `full`, and copies what may not be kept, as the contract says. */
function receiver() {
  const writes: Write[] = [];
  const taken: Uint8Array[] = [];
  const state = { full: false, bufferedBytes: 0 };
  const stream: ByteStream = {
    lifetime: "kept",
    get bufferedBytes() {
      return state.bufferedBytes;
    },
    highWaterBytes: 65_536,
    start: () => undefined,
    write: (bytes, start, end, lifetime) => {
      writes.push({ bytes, start, end, lifetime });
      taken.push(bytes.slice(start, end));
      return !state.full;
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    abort: () => undefined,
  };
  return { stream, writes, state, received: () => joined(taken) };
}

function sender(lifetime: BytesLifetime) {
  const calls: string[] = [];
  const stream: ByteStream = {
    ...receiver().stream,
    lifetime,
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
  };
  return { stream, calls };
}

interface PipeSetup {
  readonly from?: "client" | "upstream";
  readonly allowedRsv?: number;
  readonly lifetime?: BytesLifetime;
  readonly limits?: Partial<MessageLimits>;
}

export const NoLimits: MessageLimits = {
  maxMessageBytes: undefined,
  maxFrameBytes: undefined,
  maxFragments: undefined,
};

/** A pipe between a sender and a receiver that write down what is done to them. */
export function openPipe({ from = "client", allowedRsv = 0, lifetime = "call", limits = {} }: PipeSetup = {}) {
  const to = receiver();
  const source = sender(lifetime);
  const traffic = new Traffic(new MessageSizes());
  const events: PipeEvent[] = [];
  const pipe = new Pipe(source.stream, to.stream, {
    sender: from === "client" ? "client" : "server",
    allowedRsv,
    limits: { ...NoLimits, ...limits },
    stallMs: StallMs,
    traffic,
    tell: (event) => void events.push(event),
  });
  const take = (...chunks: Uint8Array[]): void => {
    // Somewhere inside a larger buffer, as a read leaves it.
    for (const chunk of chunks) pipe.take(joined([hex("ee"), chunk, hex("ee")]), 1, 1 + chunk.length);
  };
  return { pipe, take, traffic, events, calls: source.calls, ...to };
}

export const hello = hex("81 85 01020304 69676f6b6e");
export const fragment = hex("01 82 0a0b0c0d 0001");
export const ping = hex("89 80 00000000");
export const last = hex("80 81 ffffffff 00");
export const long = joined([hex("82 fe 0100 00000001"), new Uint8Array(256).fill(7)]);
export const close1000 = hex("88 84 01010101 02e9 6162");
export const ownClose = hex("88 02 03f4");
export const message = joined([hello, fragment, ping, last, long]);
