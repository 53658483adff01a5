import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Agreed, Limits, maskedPayloads, Reads, type Side, type Tally } from "./codec-work.ts";

/** Of what `ws` exports, what its types leave out. */
interface Codec {
  readonly Receiver: new (options: object) => EventEmitter & { write(chunk: Buffer): boolean };
  readonly Sender: new (
    socket: Sink,
    extensions: object,
  ) => {
    send(data: Buffer, options: object, onWritten?: () => void): void;
  };
  readonly PerMessageDeflate: new (options: object) => Deflate;
}

interface Deflate {
  accept(offers: readonly object[]): unknown;
  cleanup(): void;
}

interface MaskAddon {
  unmask(bytes: Buffer, key: Buffer): void;
  mask(source: Buffer, key: Buffer, target: Buffer, offset: number, length: number): void;
}

/** The socket that a sender writes to. */
interface Sink {
  readonly destroyed: boolean;
  cork(): void;
  uncork(): void;
  write(bytes: Buffer, onWritten?: () => void): void;
}

const require = createRequire(import.meta.url);
const { Receiver, Sender, PerMessageDeflate } = require("ws") as Codec;
const addon = require("bufferutil") as MaskAddon;
const bufferUtil = require(join(dirname(require.resolve("ws")), "lib/buffer-util.js")) as MaskAddon;

/** `ws` and what masks for it, with their versions, having seen it do so natively. */
export function wsOf(): string {
  const { version } = require("bufferutil/package.json") as { version: string };
  const isFallback = addon.unmask === (require("bufferutil/fallback") as MaskAddon).unmask;
  const original = addon.unmask;
  let calls = 0;
  addon.unmask = (bytes, key) => {
    calls++;
    original(bytes, key);
  };
  bufferUtil.unmask(Buffer.alloc(1_024), Buffer.alloc(4, 1));
  addon.unmask = original;
  if (isFallback || calls !== 1) throw new Error("ws masks without its native addon");
  const { version: wsVersion } = require("ws/package.json") as { version: string };
  return `ws ${wsVersion} with bufferutil ${version}, native`;
}

function extensionsOf(): { readonly "permessage-deflate": Deflate } {
  const { level, memLevel, windowBits, thresholdBytes } = Agreed;
  const bits = { serverMaxWindowBits: windowBits, clientMaxWindowBits: windowBits };
  const zlibDeflateOptions = { level, memLevel };
  const deflate = new PerMessageDeflate({
    ...bits,
    isServer: true,
    zlibDeflateOptions,
    threshold: thresholdBytes,
    maxPayload: Limits.maxMessageBytes,
    // More than there ever are, so that none waits for another.
    concurrencyLimit: 1_000,
  });
  deflate.accept([{ server_max_window_bits: [String(windowBits)], client_max_window_bits: [String(windowBits)] }]);
  return { "permessage-deflate": deflate };
}

function receiverOf(extensions: object): InstanceType<Codec["Receiver"]> {
  return new Receiver({ isServer: true, extensions, maxPayload: Limits.maxMessageBytes });
}

/** The messages of a client come out at a server; texts as strings, as they do at hawser. */
export function decoding(wire: Buffer): Side {
  const reads = new Reads(wire);
  const receiver = receiverOf({});
  let tally: Tally;
  receiver.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) tally.add(data);
    else tally.addText(data.toString());
  });
  return {
    prepare: () => reads.restore(),
    run(into) {
      tally = into;
      for (const chunk of reads.chunks) receiver.write(chunk);
    },
  };
}

/** The same with permessage-deflate, for `count` messages. */
export function inflating(wire: Buffer, count: number): Side {
  const reads = new Reads(wire);
  let extensions = extensionsOf();
  return {
    isAsync: true,
    prepare() {
      reads.restore();
      extensions["permessage-deflate"].cleanup();
      extensions = extensionsOf();
    },
    async run(tally) {
      const receiver = receiverOf(extensions);
      const all = Promise.withResolvers<void>();
      receiver.on("error", all.reject);
      let left = count;
      receiver.on("message", (data: Buffer) => {
        tally.add(data);
        if (--left === 0) all.resolve();
      });
      for (const chunk of reads.chunks) receiver.write(chunk);
      await all.promise;
    },
  };
}

/** Payloads come unmasked out of the reads they lie in, as those do that do not end in the read they begin in. */
export function unmasking(payloads: readonly Buffer[]): Side {
  const masked = maskedPayloads(payloads);
  const target = Buffer.alloc(payloads[0]?.length ?? 0);
  return {
    run(tally) {
      for (const { bytes, key } of masked) {
        const start = bytes.length - target.length;
        target.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, target.length));
        bufferUtil.unmask(target, key);
        tally.add(target);
      }
    },
  };
}

/** Takes everything at once. */
class TallySink implements Sink {
  readonly destroyed = false;
  tally: Tally | undefined;

  cork(): void {}
  uncork(): void {}

  write(bytes: Buffer, onWritten?: () => void): void {
    this.tally?.add(bytes);
    onWritten?.();
  }
}

/** Messages go out as wire bytes, a header and a payload where the sender keeps them apart. */
export function encoding(payloads: readonly Buffer[], role: "server" | "client"): Side {
  const sink = new TallySink();
  const sender = new Sender(sink, {});
  const options = { binary: true, fin: true, compress: false, mask: role === "client" };
  return {
    run(tally) {
      sink.tally = tally;
      for (const payload of payloads) sender.send(payload, options);
    },
  };
}

/** The same with permessage-deflate. */
export function deflating(payloads: readonly Buffer[]): Side {
  const sink = new TallySink();
  const options = { binary: true, fin: true, compress: true, mask: false };
  let extensions = extensionsOf();
  return {
    isAsync: true,
    prepare() {
      extensions["permessage-deflate"].cleanup();
      extensions = extensionsOf();
    },
    async run(tally) {
      sink.tally = tally;
      const sender = new Sender(sink, extensions);
      const all = Promise.withResolvers<void>();
      let left = payloads.length;
      const onWritten = (): void => {
        if (--left === 0) all.resolve();
      };
      for (const payload of payloads) sender.send(payload, options, onWritten);
      await all.promise;
    },
  };
}
