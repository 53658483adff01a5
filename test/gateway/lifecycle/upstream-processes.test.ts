import { afterEach, expect, test, vi } from "vitest";
import type { UpstreamConfig } from "../../../src/gateway/config/config.ts";
import { UpstreamProcesses } from "../../../src/gateway/lifecycle/upstream-processes.ts";

const running: UpstreamProcesses[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((processes) => processes.stop()));
});

function processes() {
  const lines: string[] = [];
  const made = new UpstreamProcesses((line) => lines.push(line));
  running.push(made);
  return { processes: made, lines };
}

/** An upstream whose process says `word` and its number when it begins, and `word` and `ends` `lastMs` after SIGTERM. */
function upstream(name: string, word: string, lastMs = 0): UpstreamConfig {
  const script = `process.on("SIGTERM", () => setTimeout(() => { console.log("${word} ends"); process.exit(); }, ${lastMs})); console.log("${word}", process.pid); setInterval(() => {}, 1000)`;
  return {
    name,
    takesRequests: false,
    addresses: [],
    sourceAddresses: [],
    protocol: "auto",
    maxStreamsPerConnection: 1,
    connectTimeoutMs: 1,
    answerTimeoutMs: 1,
    responseTimeoutMs: 1,
    maxConnections: 1,
    maxWaiting: 1,
    command: ["node", "-e", script],
  };
}

test("what is the same goes on, what has changed ends before it begins again, what is gone ends", async () => {
  const { processes: running, lines } = processes();
  await running.update([upstream("a", "one"), upstream("b", "two"), upstream("c", "three")], "/");
  await vi.waitFor(() => expect(lines).toHaveLength(3), 5_000);
  const before = [...lines];
  await running.update([upstream("a", "one"), upstream("b", "other")], "/");
  expect(lines.slice(3).toSorted()).toEqual(["upstream b: two ends", "upstream c: three ends"]);
  await vi.waitFor(() => expect(lines).toHaveLength(6), 5_000);
  expect(lines[5]).toMatch(/^upstream b: other \d+$/);
  await running.stop();
  expect(lines.slice(6).toSorted()).toEqual(["upstream a: one ends", "upstream b: other ends"]);
  expect(before.some((line) => /^upstream a: one \d+$/.test(line))).toBe(true);
});

test("stop during an update starts nothing more", async () => {
  const { processes: running, lines } = processes();
  await running.update([upstream("a", "one")], "/");
  await vi.waitFor(() => expect(lines).toHaveLength(1), 5_000);
  const updated = running.update([upstream("a", "other")], "/");
  await running.stop();
  await updated;
  expect(lines.some((line) => line.includes("other"))).toBe(false);
});

test("one that is changed back begins when all that ended before are gone", async () => {
  const { processes: running, lines } = processes();
  const slow = upstream("a", "one", 500);
  await running.update([slow], "/");
  await vi.waitFor(() => expect(lines).toHaveLength(1), 5_000);
  const updates = [running.update([upstream("a", "other")], "/"), running.update([slow], "/")];
  await Promise.all(updates);
  await vi.waitFor(() => expect(lines).toHaveLength(3), 5_000);
  expect(lines[1]).toBe("upstream a: one ends");
  expect(lines[2]).toMatch(/^upstream a: one \d+$/);
});

test("stop waits for one that an update is ending, and kill ends it", async () => {
  const stubborn = upstream("a", "one");
  const script = "process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)";
  const { processes: running, lines } = processes();
  await running.update([{ ...stubborn, command: ["node", "-e", script] }], "/");
  await vi.waitFor(() => expect(lines).toHaveLength(1), 5_000);
  const pid = Number(/(\d+)$/.exec(lines[0] ?? "")?.[1]);
  const updated = running.update([], "/");
  const stopped = running.stop();
  const startedAt = performance.now();
  running.kill();
  await stopped;
  // Not only after the time that `stop` alone would have granted it.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await updated;
});

test("after kill nothing is started any more", async () => {
  const { processes: running, lines } = processes();
  running.kill();
  await running.update([{ ...upstream("a", "one"), command: ["/absent"] }], "/");
  await running.stop();
  expect(lines).toEqual([]);
});
