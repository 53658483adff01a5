import { writeSync } from "node:fs";

const StandardOutput = 1;

/** Whether the terminal that standard output was is gone: closed, or its connection lost. */
export function isTerminalGone(): boolean {
  try {
    writeSync(StandardOutput, "");
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EIO";
  }
}
