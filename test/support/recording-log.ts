import { AccessLog, type AccessLogOptions } from "../../src/gateway/telemetry/access-log.ts";

/** A log whose lines, without their ends, are appended to `lines`; in text unless `options` say otherwise. */
export function recordingLog(lines: string[], options: Partial<Omit<AccessLogOptions, "output">> = {}): AccessLog {
  const output = {
    write(text: string, done?: () => void) {
      if (text !== "") lines.push(text.replace(/\n$/, ""));
      done?.();
    },
    on: () => undefined,
  };
  return new AccessLog({ format: "text", output, ...options });
}

/** The lines of a log in JSON, read; several may have come at once. */
export function eventsOf(lines: readonly string[]): Record<string, unknown>[] {
  return lines.flatMap((text) => text.split("\n")).map((line): Record<string, unknown> => JSON.parse(line));
}
