import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What this process holds in objects and buffers, its garbage gone. */
export function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
