import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/commands.ts";
import { adminSources, startAdmin } from "../support/admin-under-test.ts";
import { ListedStreams, overview, streamView } from "../support/listed-streams.ts";
import { RecordingOutput } from "../support/recording-output.ts";
import { TestKeyboard, TestScreen } from "../support/test-terminal.ts";

const Auth = { type: "token", token: "0123456789abcdef" } as const;

/** `hawser top` on a terminal, against an admin port that lists `count` streams. */
async function topOf(count: number, size = { columns: 100, rows: 16 }) {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const streams = new ListedStreams(ids.map((id) => streamView({ id, route: id % 2 === 0 ? "even" : "odd" })));
  streams.overviewNow = overview({ open: count });
  const { base, server } = await startAdmin({ sources: await adminSources(streams) });
  const keyboard = new TestKeyboard({ isTTY: true });
  const screen = new TestScreen(size);
  const stderr = new RecordingOutput();
  const argv = ["node", "hawser", "top", "--admin", base];
  const process = Object.assign(new EventEmitter(), { argv, env: {}, stdin: keyboard, stdout: screen, stderr });
  const exitCode = runCommandLine(process);
  const shows = (text: string) => screen.shows((lines) => lines.some((line) => line.includes(text)));
  return { streams, server, keyboard, screen, stderr, process, exitCode, shows };
}

describe("hawser top", () => {
  test("shows two hundred streams a screenful at a time, and goes where the keys lead", async () => {
    const { keyboard, exitCode, streams, shows, screen } = await topOf(200);
    const lines = await shows("1–10 of 200 open");
    expect(lines.filter((line) => /^[> ] +\d+ +(odd|even) /.test(line))).toHaveLength(10);
    expect(lines[5]).toMatch(/^> +1 {2}odd/);
    keyboard.press("\u001b[B\u001b[B");
    expect((await shows(">     3  odd")).at(-1)).toMatch(/^q quit/);
    keyboard.press("\u001b[6~");
    await shows("11–20 of 200 open");
    keyboard.press("\u001b[F");
    await shows("191–200 of 200 open");
    keyboard.press("b");
    await shows("BYTES▼");
    keyboard.press("/od\u007fdd\r");
    await shows("with “odd”");
    screen.resize(100, 12);
    await shows("1–6 of");
    expect(streams.queries.at(-1)).toMatchObject({ search: "odd", order: "bytes", offset: 0, limit: 6 });
    keyboard.press("q");
    expect(await exitCode).toBe(0);
    expect(keyboard.isRaw).toBe(false);
    expect(screen.text.endsWith("\u001b[?1049l")).toBe(true);
  });

  test("closes the stream of the line, once that is confirmed", async () => {
    const { keyboard, exitCode, streams, shows } = await topOf(3);
    await shows("1–3 of 3 open");
    keyboard.press("\u001b[Bkn");
    await shows("q quit");
    expect(streams.closes).toEqual([]);
    keyboard.press("k");
    await shows("Close stream 2 on even of 192.0.2.1? y or n");
    keyboard.press("y");
    await shows("closing stream 2 with 1001");
    expect(streams.closes).toEqual([[2, 1001]]);
    keyboard.press("\u0003");
    expect(await exitCode).toBe(0);
  });

  test("shows why the gateway does not answer, and goes on when it does again", async () => {
    const { keyboard, server, exitCode, shows } = await topOf(3);
    await shows("1–3 of 3 open");
    await server.close();
    expect((await shows("cannot reach")).at(-1)).toMatch(
      /^cannot reach http:\/\/127\.0\.0\.1:\d+: nobody listens there/,
    );
    keyboard.press("q");
    expect(await exitCode).toBe(0);
  });

  test.each([
    { signal: "SIGTERM", exitCode: 143 },
    { signal: "SIGHUP", exitCode: 129 },
    { signal: "SIGINT", exitCode: 130 },
  ])("gives the terminal back at a $signal", async ({ signal, exitCode: expected }) => {
    const { process, keyboard, screen, exitCode, shows } = await topOf(1);
    await shows("1–1 of 1 open");
    process.emit(signal, signal);
    expect(await exitCode).toBe(expected);
    expect(keyboard.isRaw).toBe(false);
    expect(screen.text.endsWith("\u001b[?1049l")).toBe(true);
  });

  test("ends where the terminal does", async () => {
    const { keyboard, exitCode, shows } = await topOf(1);
    await shows("1–1 of 1 open");
    keyboard.emit("end");
    expect(await exitCode).toBe(0);
  });
});

/** What `hawser ARGS` writes where there is no terminal. */
async function asked(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [stdout, stderr] = [new RecordingOutput(), new RecordingOutput()];
  const argv = ["node", "hawser", ...args];
  const process = Object.assign(new EventEmitter(), { argv, env, stdin: new TestKeyboard(), stdout, stderr });
  return { exitCode: await runCommandLine(process), stdout: stdout.text, stderr: stderr.text };
}

test("hawser top without a terminal is one look", async () => {
  const streams = new ListedStreams([streamView({ id: 5 })]);
  const { base } = await startAdmin({ sources: await adminSources(streams) });
  const { exitCode, stdout } = await asked(["top", "--admin", base]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^hawser 1\.2\.3 {2}ready [^]*\n\n {3}ID {2}ROUTE [^]*\n {4}5 {2}chat [^]*\n$/);
  expect(stdout).not.toMatch(/\p{Cc}\[/u);
});

describe("who asks", () => {
  test.each([
    { how: "the token of the environment", env: { HAWSER_ADMIN_TOKEN: Auth.token }, exitCode: 0, stderr: /^$/ },
    {
      how: "nothing to show",
      env: {},
      exitCode: 1,
      stderr: /credentials are needed.*--token-file FILE, HAWSER_ADMIN_TOKEN/,
    },
    { how: "a wrong token", env: { HAWSER_ADMIN_TOKEN: "no" }, exitCode: 1, stderr: /wrong credentials/ },
    {
      how: "a token that is none",
      env: { HAWSER_ADMIN_TOKEN: "se cret" },
      exitCode: 1,
      stderr: /signs that no token has/,
    },
  ])("with $how: $exitCode", async ({ env, exitCode, stderr }) => {
    const { base } = await startAdmin({ admin: { auth: Auth } });
    const answer = await asked(["streams"], { HAWSER_ADMIN: base, ...env });
    expect(answer.exitCode).toBe(exitCode);
    expect(answer.stderr).toMatch(stderr);
    expect(answer.stderr).not.toContain("se cret");
  });

  test("with user and password in the URL", async () => {
    const auth = { type: "password", user: "ops", password: "twelve@signs" } as const;
    const { address } = await startAdmin({ admin: { auth } });
    const url = `http://ops:twelve%40signs@127.0.0.1:${address.port}`;
    expect(await asked(["streams"], { HAWSER_ADMIN: url })).toMatchObject({ exitCode: 0, stderr: "" });
  });
});
