import type { SlowPathOptions } from "../../support/slow-path.ts";
import type { EchoLoad, Load } from "../load/load.ts";

/** One thing that is measured. */
export interface Scenario {
  readonly name: string;
  /** What is done, and what it stands for. */
  readonly what: string;
  readonly unit: "µs/message" | "µs/opening" | "KiB/stream" | "× idle round trip";
  readonly load: Load;
  /** Each measurement is of a gateway that has done nothing before. */
  readonly freshGateway?: true;
  /** What lies between the load and the gateway. */
  readonly path?: SlowPathOptions;
}

const Small: EchoLoad = {
  type: "echo",
  protocol: "h2",
  connections: 1,
  streamsPerConnection: 100,
  outstanding: 1,
  payloadBytes: 64,
  records: "full",
};

/** 10 Mbit/s, 150 ms there and back. */
const Wan: SlowPathOptions = { bytesPerMs: 1_250, delayMs: 75 };

/** All of them, in the order in which they run. */
export const Scenarios: readonly Scenario[] = [
  { name: "S1", what: "one browser: 100 streams, 64 B", unit: "µs/message", load: Small },
  {
    name: "S1r",
    what: "the same, a TLS record for each frame",
    unit: "µs/message",
    load: { ...Small, records: "one-frame" },
  },
  {
    name: "S2",
    what: "saturated: 10 × 100 streams, 8 messages each",
    unit: "µs/message",
    load: { ...Small, connections: 10, outstanding: 8 },
  },
  {
    name: "S3",
    what: "bulk: 10 streams, 4 × 64 KiB",
    unit: "µs/message",
    load: { ...Small, streamsPerConnection: 10, outstanding: 4, payloadBytes: 65_536 },
  },
  {
    name: "S4",
    what: "ping-pong on one stream",
    unit: "µs/message",
    load: { ...Small, streamsPerConnection: 1 },
  },
  {
    name: "S5",
    what: "100 × wss over HTTP/1.1",
    unit: "µs/message",
    load: { ...Small, protocol: "http/1.1", connections: 100, streamsPerConnection: 1 },
  },
  {
    name: "S6",
    what: "100 browsers, 2 streams each",
    unit: "µs/message",
    load: { ...Small, connections: 100, streamsPerConnection: 2 },
  },
  {
    name: "HS",
    what: "open and close, 2 × 20 at once",
    unit: "µs/opening",
    load: { type: "opens", connections: 2, atOnce: 20 },
  },
  {
    name: "IDLE",
    what: "5 000 streams on 50 connections, at rest",
    unit: "KiB/stream",
    load: { type: "idle", connections: 50, streamsPerConnection: 100, restMs: 5_000 },
    freshGateway: true,
  },
  {
    name: "WAN-up",
    what: "small call beside an upload, 10 Mbit/s, 150 ms",
    unit: "× idle round trip",
    load: { type: "beside-bulk", bulk: "up", calls: 5, rampMs: 3_000 },
    path: Wan,
  },
  {
    name: "WAN-down",
    what: "small call beside a download, 10 Mbit/s, 150 ms",
    unit: "× idle round trip",
    load: { type: "beside-bulk", bulk: "down", calls: 5, rampMs: 3_000 },
    path: Wan,
  },
];

/**
 * The scenarios that `names` has, in a list with commas; `WAN` is both of its directions.
 *
 * @throws Error for a name that is none.
 */
export function parseScenarios(names: string): readonly Scenario[] {
  return names.split(",").flatMap((name) => {
    const found = Scenarios.filter((scenario) => scenario.name === name || scenario.name.startsWith(`${name}-`));
    if (found.length === 0) throw new Error(`there is no scenario ${name}: ${Scenarios.map((one) => one.name).join()}`);
    return found;
  });
}
