const Grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const DecimalUnits = ["", "k", "M", "G", "T", "P"];
const BinaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Thin, and no line breaks there. */
const Space = "\u202f";

/** What stands where there is no number. */
export const Nothing = "–";

/** A count with all its digits, as `12,345,678`. */
export function formatExact(count: number): string {
  return Grouped.format(count);
}

/** A count in at most five characters: `9,999`, `12.3 k`, `4.56 M`. */
export function formatCount(count: number): string {
  if (count < 10_000) return Grouped.format(count);
  return scaled(count, 1000, DecimalUnits);
}

/** Events per second: three digits where they are few, `0.25`, `4.2`, `310`, `12.3 k`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.01) return "<0.01";
  if (perSecond < 1000) return significant(perSecond);
  return scaled(perSecond, 1000, DecimalUnits);
}

/** Bytes in units of 1024, as `512 B`, `1.50 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes > 0 && bytes < 1) return `<1${Space}B`;
  return bytes < 1024 ? `${Math.round(bytes)}${Space}B` : scaled(bytes, 1024, BinaryUnits);
}

/** Milliseconds of something quick, as `0.42 ms`, `12.3 ms`, `1.20 s`; a dash for `null`. */
export function formatLatency(ms: number | null): string {
  if (ms === null) return Nothing;
  if (ms === 0) return `0${Space}ms`;
  return ms < 1000 ? `${significant(ms)}${Space}ms` : `${significant(ms / 1000)}${Space}s`;
}

/** How long something lasts or lasted, in two units: `0.8 s`, `42 s`, `4m 12s`, `3h 05m`, `2d 04h`; a dash for `null`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return Nothing;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${Space}s`;
  if (Math.round(seconds) < 60) return `${Math.round(seconds)}${Space}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return pair(whole, 60, "m", "s");
  const minutes = Math.floor(whole / 60);
  return minutes < 1440 ? pair(minutes, 60, "h", "m") : pair(Math.floor(minutes / 60), 24, "d", "h");
}

/** The time of day of the reader, as `14:05:09`; with milliseconds where they are asked for. */
export function formatClock(at: number, { milliseconds = false } = {}): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  const clock = parts.join(":");
  return milliseconds ? `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}` : clock;
}

/** Date and time of the reader, as `2026-11-25 14:05:09`. */
export function formatMoment(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.join("-")} ${formatClock(at)}`;
}

function pair(value: number, base: number, unit: string, smaller: string): string {
  return `${Math.floor(value / base)}${unit}${Space}${String(value % base).padStart(2, "0")}${smaller}`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let power = 0;
  let rest = value;
  // 999.5 is shown as three digits, and would be 1000 of them.
  while (rest >= (power === 0 ? base : 999.5) && power < units.length - 1) {
    rest /= base;
    power += 1;
  }
  return `${significant(rest)}${Space}${units[power] ?? ""}`;
}

/** With three digits, or as many as stand before the point. */
function significant(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  if (value >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}
