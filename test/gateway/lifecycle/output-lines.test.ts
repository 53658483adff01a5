import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tellLines, tellWholeLines } from "../../../src/gateway/lifecycle/output-lines.ts";

/** What both tell of `pieces`, which come one after the other. */
async function told(pieces: readonly string[]) {
  const [input, whole] = [new PassThrough(), new PassThrough()];
  const lines: string[] = [];
  const texts: string[] = [];
  tellLines(input, (line) => lines.push(line));
  tellWholeLines(whole, (text) => texts.push(text));
  for (const piece of pieces) {
    for (const one of [input, whole]) one.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const one of [input, whole]) one.end();
  await new Promise((resolve) => setImmediate(resolve));
  return { lines, texts };
}

test.each([
  { pieces: ["one\ntwo\n"], lines: ["one", "two"], texts: ["one\ntwo\n"] },
  { pieces: ["one\ntw", "o\nth"], lines: ["one", "two", "th"], texts: ["one\n", "two\n", "th\n"] },
  { pieces: ["\r\n", "\n"], lines: ["", ""], texts: ["\r\n", "\n"] },
  { pieces: ["ü\n"], lines: ["ü"], texts: ["ü\n"] },
  { pieces: [], lines: [], texts: [] },
])("of $pieces lines are told: $lines", async ({ pieces, lines, texts }) => {
  expect(await told(pieces)).toEqual({ lines, texts });
});

test("a line that does not end is told in pieces", async () => {
  const { lines } = await told(["x".repeat(65_000), "y".repeat(1_000), "z\n"]);
  expect(lines.map((line) => line.length)).toEqual([66_000, 1]);
});

test("how it is cut into pieces never matters, and no line is torn", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[ab\n]{0,5}$/), { maxLength: 8 }), async (pieces) => {
      const { lines, texts } = await told(pieces);
      const all = pieces.join("");
      expect(lines).toEqual(
        all
          .replace(/\n$/, "")
          .split("\n")
          .slice(all === "" ? 1 : 0),
      );
      expect(texts.join("")).toBe(all === "" || all.endsWith("\n") ? all : `${all}\n`);
      expect(texts.every((text) => text.endsWith("\n"))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
