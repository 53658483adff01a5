import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { runCommandLine } from "../../src/cli/commands.ts";
import { frameLine } from "../../src/cli/tail-stream.ts";
import type { FrameView } from "../../src/gateway/telemetry/stream-view.ts";
import { adminSources, startAdmin } from "../support/admin-under-test.ts";
import { ListedStreams, streamView } from "../support/listed-streams.ts";
import { freePort } from "../support/ports.ts";
import { RecordingOutput } from "../support/recording-output.ts";
import { TestKeyboard } from "../support/test-terminal.ts";

const Frame: FrameView = {
  at: Date.UTC(2026, 0, 1, 12, 30, 1, 250),
  direction: "to-client",
  opcode: "text",
  fin: true,
  rsv: 0,
  payloadBytes: 1_234,
};

async function adminOf(...ids: number[]) {
  const streams = new ListedStreams(ids.map((id) => streamView({ id })));
  const { base, server } = await startAdmin({ sources: await adminSources(streams) });
  const ask = async (...args: string[]) => {
    const [stdout, stderr] = [new RecordingOutput(), new RecordingOutput()];
    const argv = ["node", "hawser", ...args, "--admin", base];
    const process = Object.assign(new EventEmitter(), { argv, env: {}, stdin: new TestKeyboard(), stdout, stderr });
    return { exitCode: await runCommandLine(process), stdout: stdout.text, stderr: stderr.text };
  };
  return { streams, server, ask };
}

test("hawser streams is a table, and passes on what is wanted", async () => {
  const { ask, streams } = await adminOf(1, 2);
  const { exitCode, stdout } = await ask(
    ...[
      "streams",
      "--route",
      "chat",
      "--upstream",
      "b",
      "--protocol",
      "h2",
      "--search",
      "x",
      "--order",
      "age",
      "--ascending",
    ],
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ {3}ID {2}ROUTE [^]*\n {4}1 {2}chat [^]*\n {4}2 {2}chat [^]*\n2 streams\n$/);
  const filters = { route: "chat", upstream: "b", protocol: "h2", search: "x", order: "age", ascending: true };
  expect(streams.queries).toMatchObject([filters]);
});

test.each([
  { limit: [], count: 3_000 },
  { limit: ["--limit", "2"], count: 2 },
])("hawser streams --json $limit is a line for each of $count", async ({ limit, count }) => {
  const { ask } = await adminOf(...Array.from({ length: 3_000 }, (_, i) => i + 1));
  const { stdout } = await ask("streams", "--json", ...limit);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))[1]).toEqual(streamView({ id: 2 }));
  expect(lines).toHaveLength(count);
});

test.each([
  { args: [], line: "12:30:01.250  to-client    text              1234 bytes  FIN\n" },
  { args: ["--json"], line: `${JSON.stringify(Frame)}\n` },
])("hawser tail $args prints each frame until the stream ends", async ({ args, line }) => {
  const { ask, streams } = await adminOf(7);
  const asked = ask("tail", "7", "--preview", ...args);
  await vi.waitFor(() => expect(streams.previews).toEqual([true]));
  streams.pass(Frame);
  streams.endAll();
  const { exitCode, stdout } = await asked;
  expect([exitCode, stdout]).toEqual([0, `${line}${args.length === 0 ? "stream 7 has ended\n" : ""}`]);
});

test("hawser tail ends with a failure where the gateway does", async () => {
  const { ask, streams, server } = await adminOf(7);
  const asked = ask("tail", "7");
  await vi.waitFor(() => expect(streams.previews).toEqual([false]));
  await server.close();
  expect(await asked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("ended the connection") });
});

test.each([
  {
    frame: { ...Frame, fin: false, rsv: 0b100 },
    line: "12:30:01.250  to-client    text              1234 bytes      RSV 100",
  },
  {
    frame: { ...Frame, direction: "to-upstream", preview: "\u001b[2J\n" },
    line: '12:30:01.250  to-upstream  text              1234 bytes  FIN  "\\u001b[2J\\n"',
  },
  { frame: { missed: 12 }, line: "(frames that came too fast to be shown: 12)" },
] satisfies { frame: FrameView | { missed: number }; line: string }[])("$line", ({ frame, line }) => {
  expect(frameLine(frame)).toBe(line);
});

test.each([
  { args: ["tail", "9"], complaint: "there is no stream 9, or no longer" },
  { args: ["streams", "--order", "size"], complaint: "order is one of age, bytes" },
])("hawser $args: $complaint", async ({ args, complaint }) => {
  const { ask } = await adminOf(1);
  expect(await ask(...args)).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining(complaint) });
});

async function askedAt(url: string) {
  const [stdout, stderr] = [new RecordingOutput(), new RecordingOutput()];
  const argv = ["node", "hawser", "top", "--admin", url];
  const process = Object.assign(new EventEmitter(), { argv, env: {}, stdin: new TestKeyboard(), stdout, stderr });
  return { exitCode: await runCommandLine(process), stderr: stderr.text };
}

test("where nobody listens, that is said with what can be done", async () => {
  const { exitCode, stderr } = await askedAt(`http://127.0.0.1:${await freePort()}`);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^hawser: cannot reach http:\/\/127\.0\.0\.1:\d+: nobody listens there; --admin URL, or HAWSER_ADMIN/,
  );
});

test.each([
  { status: 404, type: "text/html", body: "<html>" },
  { status: 200, type: "text/html", body: "<html>" },
  { status: 404, type: "text/plain", body: "not found, try /livez" },
])("what is no admin port is told from one: $status $body", async ({ status, type, body }) => {
  const server = createServer((_, response) => response.writeHead(status, { "content-type": type }).end(body));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { exitCode, stderr } = await askedAt(`http://127.0.0.1:${port}`);
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining("does not know /overview: it is not the admin port of hawser"),
  ]);
});
