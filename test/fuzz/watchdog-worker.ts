// A thread of its own, since the one that is watched may never come back: see watchdog.ts.

import { writeSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";
import { writeFault } from "./corpus.ts";
import { HeaderInts, type Watched } from "./watchdog.ts";

if (!isMainThread) watch(workerData as Watched);

function watch({ memory, target, limitMs }: Watched): void {
  const header = new Int32Array(memory, 0, HeaderInts);
  let lastRun = 0;
  let sinceMs = performance.now();
  setInterval(() => {
    const run = Atomics.load(header, 0);
    if (run !== lastRun || run === 0) {
      lastRun = run;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > limitMs) {
      void end(new Uint8Array(memory, HeaderInts * 4, Atomics.load(header, 1)), target);
    }
  }, limitMs / 10);
}

async function end(input: Uint8Array, target: string): Promise<void> {
  const file = await writeFault(target, input.slice());
  // The other thread would have to take a console's lines.
  writeSync(2, `\n${target} does not come back. To repeat it: node test/fuzz/run.ts ${target} --replay ${file}\n`);
  process.kill(process.pid, "SIGKILL");
}
