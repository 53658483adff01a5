import { readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { AccessLog } from "../../src/gateway/telemetry/access-log.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { Relay } from "../../src/gateway/serving/relay.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";

// Runs in a process of its own, started with --expose-gc and IPC: its argument is a config file. It sends its log lines up to its start,
// and answers any message with what it holds once the garbage is gone.

/** What the gateway's process holds after a garbage collection. */
export interface Holdings {
  readonly heapBytes: number;
  /** Buffers, which lie outside the heap. */
  readonly bufferBytes: number;
  readonly descriptors: number;
  /** What keeps the event loop alive: the kinds of handles, requests and timers, sorted. */
  readonly resources: readonly string[];
  /** Relays and handler connections that something still refers to. */
  readonly streams: number;
  /** Warnings of the process, such as that of an emitter with too many listeners. */
  readonly warnings: readonly string[];
}

const warnings: string[] = [];
process.on("warning", ({ name, message }) => {
  // That of `queryObjects` itself.
  if (name !== "ExperimentalWarning") warnings.push(`${name}: ${message}`);
});

async function holdings(): Promise<Holdings> {
  // More than one round: what a finalizer lets go is garbage only for the next.
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    bufferBytes: process.memoryUsage().arrayBuffers,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: process.getActiveResourcesInfo().toSorted(),
    streams: queryObjects(Relay, { format: "count" }) + queryObjects(WebSocketConnection, { format: "count" }),
    warnings,
  };
}

const load = () => loadConfig(process.argv[2] ?? "");
let isStarted = false;
const output = {
  write(text: string, done?: () => void): void {
    if (!isStarted) process.send?.({ line: text.trimEnd() });
    done?.();
  },
  on: () => undefined,
};
const log = new AccessLog({ format: "text", output });
const gateway = new Gateway(await load(), { log, version: "test", load, readSinceMs: Date.now() });
process.on("message", () => void holdings().then((held) => process.send?.({ held })));
process.on("SIGTERM", () => void gateway.stop().then(() => process.exit(0)));
await gateway.start();
isStarted = true;
