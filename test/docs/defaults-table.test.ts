import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DefaultConnectionOptions } from "../../src/websocket/connection-options.ts";
import { DefaultServerOptions } from "../../src/websocket/server-options.ts";
import { markedPart } from "../support/markdown-blocks.ts";

const Readme = readFileSync(join(import.meta.dirname, "../../src/websocket/README.md"), "utf8");

/** Option and default of each row of a table in the library's README. */
function documented(name: string): (readonly [option: string, standard: string])[] {
  const rows = markedPart(Readme, name).matchAll(/^\| `([\w.]+)` *\| ([^|]*?) *\| [^|]*\w[^|]*\|$/gm);
  return Array.from(rows, ([, option = "", standard = ""]) => [option, standard] as const);
}

/** Option and default as the code has them, what is nested with a dot. */
function flat(options: object, prefix = ""): (readonly [option: string, standard: string])[] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [[`${prefix}${name}`, value.join(", ")] as const];
    if (typeof value === "object" && value !== null) return flat(value, `${prefix}${name}.`);
    return [[`${prefix}${name}`, String(value)] as const];
  });
}

describe("the library's README has each option with its default", () => {
  test.each([
    { name: "connection-options", options: DefaultConnectionOptions },
    { name: "server-options", options: DefaultServerOptions },
  ])("$name", ({ name, options }) => {
    expect(documented(name)).toEqual(flat(options));
  });
});

test("no default leaves what a peer may take without a bound", () => {
  const { maxMessageBytes, maxFragments, controlFrameBurst, controlFramesPerSecond } = DefaultConnectionOptions;
  const { maxBufferedBytes, closeMs, writeStallMs, pingIntervalMs, pongMs } = DefaultConnectionOptions;
  const bounds = [maxMessageBytes, maxFragments, controlFrameBurst, controlFramesPerSecond, maxBufferedBytes];
  const times = [closeMs, writeStallMs, pingIntervalMs, pongMs];
  expect([...bounds, ...times].every((bound) => bound > 0 && bound < Infinity)).toBe(true);
});
