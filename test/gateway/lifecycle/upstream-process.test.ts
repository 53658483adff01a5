import { afterEach, expect, test } from "vitest";
import { UpstreamProcess } from "../../../src/gateway/lifecycle/upstream-process.ts";

const started: UpstreamProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.stop()));
});

/** Starts `command`; `line(pattern)` resolves with the first log line that matches, also one that came before. */
function run(command: readonly [string, ...string[]]) {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const process = new UpstreamProcess({ name: "backend", command, folder: "/" }, (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  started.push(process);
  process.start();
  const line = (pattern: RegExp, count = 1) =>
    new Promise<string>((resolve) => {
      const check = () => {
        const found = lines.filter((one) => pattern.test(one));
        if (found.length < count) return;
        waiting.delete(check);
        resolve(found[count - 1]!);
      };
      waiting.add(check);
      check();
    });
  return { process, lines, line };
}

test("runs in its folder on the Node of the gateway, and its output is logged", async () => {
  const { line } = run(["node", "-e", "console.log(process.cwd(), process.version); setInterval(() => {}, 1000)"]);
  expect(await line(/upstream backend: \//)).toBe(`upstream backend: / ${process.version}`);
});

test("is started again when it ends, later each time", async () => {
  const { line } = run(["node", "-e", "process.exit(3)"]);
  await line(/ended \(exit code 3\); starting it again in 250 ms/);
  await line(/ended \(exit code 3\); starting it again in 500 ms/);
});

test("a program that is not there is logged and tried again", async () => {
  const { line } = run(["/absent/program"]);
  expect(await line(/cannot run/)).toMatch(/upstream backend: \/absent\/program cannot run: .*ENOENT/);
  await line(/starting it again in 500 ms/);
});

test("stop ends it, and it stays ended", async () => {
  const { process, line, lines } = run(["node", "-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  await line(/up/);
  await process.stop();
  expect(lines.filter((one) => one.includes("starting it again"))).toEqual([]);
});

test("one that ignores SIGTERM is killed", { timeout: 15_000 }, async () => {
  const { process, line } = run([
    "node",
    "-e",
    "process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1000)",
  ]);
  await line(/up/);
  await process.stop();
  await line(/no/);
});

test("its standard input ends when it is stopped", async () => {
  const { process, line } = run([
    "node",
    "-e",
    "process.on('SIGTERM', () => {}); process.stdin.on('end', () => { console.log('eof'); process.exit(0); }).resume(); console.log('up')",
  ]);
  await line(/up/);
  await process.stop();
  await line(/eof/);
});
