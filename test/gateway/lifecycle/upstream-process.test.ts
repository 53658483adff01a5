import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { UpstreamProcess } from "../../../src/gateway/lifecycle/upstream-process.ts";

const SourceFile = "../../../src/gateway/lifecycle/upstream-process.ts";

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

test("a command that the system refuses to start is logged and tried again", async () => {
  const { line } = run(["node", "x".repeat(200_000)]);
  expect(await line(/cannot run/)).toMatch(/upstream backend: node cannot run: .*E2BIG/);
  await line(/starting it again in 500 ms/);
});

test("without file descriptors it is logged and tried again until there are some", { timeout: 15_000 }, async () => {
  const script = `
    import { closeSync, openSync } from "node:fs";
    import { UpstreamProcess } from ${JSON.stringify(import.meta.resolve(SourceFile))};
    const backend = new UpstreamProcess({ name: "backend", command: ["echo", "up"], folder: "/" }, (line) => {
      if (line.includes("cannot run")) for (const file of files.splice(0)) closeSync(file);
      lines.push(line);
      if (line.endsWith(": up")) void backend.stop().then(() => console.log(lines.join("\\n")));
    });
    const lines = [], files = [];
    try { for (;;) files.push(openSync("/dev/null")); } catch {}
    backend.start();`;
  const node = `ulimit -n 64; exec "$0" --input-type=module --eval "$1"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", node, process.execPath, script]);
  expect(stdout).toMatch(/cannot run: spawn echo EMFILE\n.*starting it again in 250 ms\nupstream backend: up\n/);
});

test("a line without an end is told in pieces", async () => {
  const { line } = run(["node", "-e", "process.stdout.write('x'.repeat(200_000)); setInterval(() => {}, 1000)"]);
  expect((await line(/x{60000}/)).length).toBeLessThan(200_000);
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

test("kill ends it at once", async () => {
  const { process, line } = run(["sh", "-c", "echo pid $$; exec sleep 60"]);
  const pid = pidIn(await line(/pid/));
  process.kill();
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
});

describe("what it started, and what holds its output,", () => {
  test("ends with it", async () => {
    const { process, line } = run(["sh", "-c", "sleep 60 & echo pid $!; wait"]);
    await line(/pid/);
    // Before SIGKILL: it comes only after 3 s.
    await within(2_000, process.stop());
  });

  test("cannot hold up the end by leaving its process group", { timeout: 15_000 }, async () => {
    const sleeper = `child_process.spawn("sleep", ["60"], { stdio: "inherit", detached: true })`;
    const { process: backend, line } = run(["node", "-e", `console.log("pid " + ${sleeper}.pid)`]);
    const pid = pidIn(await line(/pid/));
    await backend.stop();
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });
});

function pidIn(line: string): number {
  return Number(/pid (\d+)/.exec(line)?.[1]);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  const late = new Promise((_resolve, reject) => setTimeout(reject, timeoutMs, new Error("too late")).unref());
  await Promise.race([work, late]);
}
