import { readFile } from "node:fs/promises";

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

/** The most that the kernel, which is Linux, holds of a TCP connection's one direction: at the sender and at the receiver. */
export async function mostBufferedBytes(): Promise<number> {
  const sizes = await Promise.all(["rmem", "wmem"].map((name) => readFile(`/proc/sys/net/ipv4/tcp_${name}`, "utf8")));
  return sizes.reduce((sum, size) => sum + Number(size.trim().split(/\s+/)[2]), 0);
}
