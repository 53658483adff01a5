import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { startMeasuredProcess, type MeasuredProcess } from "../support/measured-process.ts";
import { memoryOf } from "../support/process-memory.ts";
import { runLoad, type SoakCounts } from "./soak-load.ts";
import type { SoakMark, SoakResult } from "./soak-report.ts";
import { startSoakUpstream, type SoakUpstream } from "./soak-upstream.ts";

/** How often a process is asked at most whether all is over: each time takes some collections of its garbage. */
const MostRounds = 40;

/** How much is done to a gateway that frames HTTP/2 with `engine`. */
export interface SoakAmount {
  readonly engine: H2EngineName;
  readonly streams: number;
  /** How long that shall take; longer where the machine is too slow. */
  readonly seconds: number;
  /** Before the first measure, as fast as they go. */
  readonly warmUpStreams: number;
}

/** A soak that runs. */
export interface SoakProgress {
  readonly amount: SoakAmount;
  readonly counts: Readonly<SoakCounts>;
  /** The gateway's process. */
  readonly pid: number;
}

/** Does `amount` to a gateway in a process of its own. `watch` is called when it begins, and what that returned when it is over. */
export async function soak(amount: SoakAmount, watch: (progress: SoakProgress) => () => void): Promise<SoakResult> {
  const { engine, streams, seconds } = amount;
  const upstream = await startSoakUpstream();
  const gateway = await startMeasuredProcess({
    routes: [
      { path: "/relay", upstream: "backend" },
      { path: "/echo", handler: "echo" },
    ],
    upstreams: { backend: { addresses: [upstream.url] } },
    http2: { engine },
    // A client that broke a rule does not answer the Close: the deadline ends those streams.
    deadlines: { closeMs: 200 },
  });
  const counts: SoakCounts = { streams: 0, pages: 0, failures: new Map() };
  await runLoad(gateway.port, amount.warmUpStreams, 0, counts);
  counts.streams = counts.pages = 0;
  const mark = () => settled(gateway, upstream, counts);
  const start = await mark();
  const startedAt = performance.now();
  const watched = watch({ amount, counts, pid: gateway.pid });
  await runLoad(gateway.port, streams / 2, seconds / 2, counts);
  const middle = await mark();
  await runLoad(gateway.port, streams / 2, seconds / 2, counts);
  const end = await mark();
  watched();
  const took = (performance.now() - startedAt) / 1_000;
  await gateway.stop();
  await upstream.stop();
  return { engine, seconds: took, pages: counts.pages, marks: [start, middle, end], failures: counts.failures };
}

/** What the gateway holds when no stream is open any more, or still holds after many looks. */
async function settled(gateway: MeasuredProcess, upstream: SoakUpstream, counts: SoakCounts): Promise<SoakMark> {
  let held = await gateway.holdings();
  for (let rounds = 0; rounds < MostRounds && (held.streams > 0 || upstream.openSockets > 0); rounds++) {
    held = await gateway.holdings();
  }
  const { residentBytes } = await memoryOf(gateway.pid);
  return { ...held, held: held.streams, residentBytes, streams: counts.streams };
}
