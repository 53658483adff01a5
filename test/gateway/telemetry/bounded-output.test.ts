import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { BoundedOutput } from "../../../src/gateway/telemetry/bounded-output.ts";

/** An output over `stream` that tells what it dropped as `(N)`. */
function outputOver(stream: Writable): BoundedOutput {
  const output: BoundedOutput = new BoundedOutput(stream, (lines) => output.write(`(${lines})\n`));
  return output;
}

test("what nobody reads is bounded, and what is missing is told once", async () => {
  const pipe = new PassThrough();
  const output = outputOver(pipe);
  output.write("x".repeat(2 ** 20 + 1));
  for (let i = 0; i < 3; i++) output.write("lost\n");
  output.write("lost\ntoo\n");
  expect(pipe.writableLength).toBe(2 ** 20 + 1);
  expect(output.dropped).toBe(5);
  const lines = text(pipe.setEncoding("latin1"));
  await vi.waitFor(() => expect(pipe.writableLength).toBe(0));
  output.write("\nheard\n");
  output.write("again\n");
  pipe.end();
  expect((await lines).split("\n").slice(-5)).toEqual([expect.stringMatching(/x\(5\)$/), "", "heard", "again", ""]);
  expect(output.dropped).toBe(5);
});

test("a reader that left is no error", () => {
  const pipe = new PassThrough();
  const output = outputOver(pipe);
  expect(() => pipe.emit("error", new Error("EPIPE"))).not.toThrow();
  output.write("text\n");
});

describe("a flush", () => {
  test("waits for what was written", async () => {
    const taken: (() => void)[] = [];
    const output = outputOver(new Writable({ write: (_chunk, _encoding, done) => void taken.push(done) }));
    output.write("text\n");
    const flushed = vi.fn<() => void>();
    const flush = output.flush().then(flushed);
    await Promise.resolve();
    expect(flushed).not.toHaveBeenCalled();
    taken[0]?.();
    await vi.waitFor(() => expect(taken).toHaveLength(2));
    taken[1]?.();
    await flush;
  });

  test("waits a second at most", async () => {
    vi.useFakeTimers();
    try {
      const flush = outputOver(new Writable({ write: () => undefined })).flush();
      await vi.advanceTimersByTimeAsync(1_000);
      await flush;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
