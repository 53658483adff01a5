import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { Terminal } from "../../src/cli/terminal.ts";
import { RecordingOutput } from "../support/recording-output.ts";

test.each([
  { isTTY: true, NO_COLOR: undefined, hasColours: true },
  { isTTY: true, NO_COLOR: "", hasColours: true },
  { isTTY: true, NO_COLOR: "1", hasColours: false },
  { isTTY: false, NO_COLOR: undefined, hasColours: false },
])("on a terminal: $isTTY, NO_COLOR: $NO_COLOR, so colours: $hasColours", ({ isTTY, NO_COLOR, hasColours }) => {
  const terminal = new Terminal(new RecordingOutput({ isTTY }), { NO_COLOR });
  expect(terminal.hasColours).toBe(hasColours);
  expect(terminal.paint("red", "text")).toBe(hasColours ? "\u001b[31mtext\u001b[0m" : "text");
});

test("a line is written whole", () => {
  const output = new RecordingOutput();
  new Terminal(output, {}).line("text");
  expect(output.text).toBe("text\n");
});

test("a reader that left is no error", () => {
  const output = new PassThrough();
  const terminal = new Terminal(output, {});
  expect(() => output.emit("error", new Error("EPIPE"))).not.toThrow();
  terminal.line("text");
});

test("what nobody reads is bounded, and what is missing is told", async () => {
  const output = new PassThrough();
  const terminal = new Terminal(output, {});
  terminal.line("x".repeat(2 ** 20));
  for (let i = 0; i < 5; i++) terminal.line("lost");
  expect(output.writableLength).toBe(2 ** 20 + 1);
  output.setEncoding("latin1");
  const lines = text(output);
  await vi.waitFor(() => expect(output.writableLength).toBe(0));
  terminal.line("heard");
  output.end();
  expect((await lines).split("\n").slice(-3)).toEqual(["(lines that nobody read in time: 5)", "heard", ""]);
});
