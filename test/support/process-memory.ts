import { readFile } from "node:fs/promises";
import { childrenOf } from "./bench-process.ts";

/** What a process has of the machine's memory, in bytes. */
export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most it has had since it began. */
  readonly peakBytes: number;
}

/** Asks the kernel, which is Linux, about the process `pid`. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const bytesOf = (name: string): number => {
    const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
    if (kibibytes === undefined) throw new Error(`no ${name} of process ${pid}`);
    return Number(kibibytes) * 1024;
  };
  return { residentBytes: bytesOf("VmRSS"), peakBytes: bytesOf("VmHWM") };
}

/** What a process and those it has started have of the machine's memory, in bytes. */
export interface TreeMemory {
  readonly residentBytes: number;
  /** What several of them share counts once, and what others share with them in part. */
  readonly proportionalBytes: number;
}

/** Asks the kernel, which is Linux, about the process `pid` and those that it has started. */
export async function memoryOfTree(pid: number): Promise<TreeMemory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1]) * 1_024;
  const own = { residentBytes: bytesOf("Rss"), proportionalBytes: bytesOf("Pss") };
  const theirs = await Promise.all((await childrenOf(pid)).map(memoryOfTree));
  return theirs.reduce(
    (sum, one) => ({
      residentBytes: sum.residentBytes + one.residentBytes,
      proportionalBytes: sum.proportionalBytes + one.proportionalBytes,
    }),
    own,
  );
}

/** The most that the kernel, which is Linux, holds of a TCP connection's one direction: at the sender and at the receiver. */
export async function mostBufferedBytes(): Promise<number> {
  const sizes = await Promise.all(["rmem", "wmem"].map((name) => readFile(`/proc/sys/net/ipv4/tcp_${name}`, "utf8")));
  return sizes.reduce((sum, size) => sum + Number(size.trim().split(/\s+/)[2]), 0);
}
