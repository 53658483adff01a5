import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { ReloadResult } from "../../src/gateway/lifecycle/reloader.ts";
import { configFolder } from "./config-folder.ts";
import { parseExposition, sumOf } from "./exposition.ts";
import { recordingLog } from "./recording-log.ts";
import { h1Client, h2Client, type OpeningClient } from "./opening-client.ts";
import { withTestedEngine } from "./tested-engine.ts";

/** A gateway in this process with one cleartext listener, until the test is over. */
export interface GatewayUnderTest {
  readonly gateway: Gateway;
  readonly log: readonly string[];
  readonly port: number;
  readonly admin: string;
  /** Replaces the config, as the files say it then, and takes it over. */
  reload(config: Readonly<Record<string, unknown>>): Promise<ReloadResult>;
  /** Replaces the config and leaves it at that. */
  writeConfig(config: Readonly<Record<string, unknown>>): Promise<void>;
  /** Replaces a file beside the config. */
  replaceFile(name: string, content: string): Promise<void>;
  /** A client that has asked for nothing yet, over its own connection; to another listener's port where one is given. */
  connect(httpVersion: "1.1" | "2", port?: number): Promise<OpeningClient>;
  /** The sum over the series of a metric that have these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Resolves when {@link metric} is `value`; rejects with what it was at last after five seconds. */
  settles(name: string, labels: Readonly<Record<string, string>>, value: number): Promise<void>;
}

/** Starts it on `config`, whose relative paths are `files`. */
export async function startGatewayUnderTest(
  config: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): Promise<GatewayUnderTest> {
  const { gateway, log, folder, textOf } = await createGateway(config, files);
  await gateway.start();
  const file = join(folder, "hawser.yaml");
  const address = (pattern: RegExp) => log.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
  const port = Number(address(/\blistening main http:\/\/127\.0\.0\.1:(\d+)/));
  const admin = address(/\badmin (http:[^\s"]+)/) ?? "";
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
    sumOf(parseExposition(await (await fetch(`${admin}/metrics`)).text()), name, labels);
  return {
    gateway,
    log,
    port,
    admin,
    connect: (httpVersion, to = port) => connectClient(to, httpVersion),
    metric,
    async reload(next) {
      await writeFile(file, textOf(next));
      return await gateway.reload();
    },
    writeConfig: (next) => writeFile(file, textOf(next)),
    replaceFile: (name, content) => writeFile(join(folder, name), content),
    async settles(name, labels, value) {
      const deadline = performance.now() + 5_000;
      let last = await metric(name, labels);
      while (last !== value && performance.now() < deadline) last = await metric(name, labels);
      if (last !== value) throw new Error(`${name} ${JSON.stringify(labels)} is ${last}, not ${value}`);
    },
  };
}

/**
 * A gateway that has not started, on `config` in a folder with `files`; it ends with the test. Each reading of the config
 * waits for `beforeLoad`.
 */
export async function createGateway(
  config: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
  beforeLoad: () => Promise<void> = () => Promise.resolve(),
) {
  const listeners = [{ name: "main", address: "127.0.0.1:0" }];
  // These clients do not end their half, so each closing handshake lasts until its deadline.
  const deadlines = { closeMs: 300 };
  const defaults = { listeners, admin: { address: "127.0.0.1:0" }, deadlines, reload: { watch: false } };
  const textOf = (one: Readonly<Record<string, unknown>>) => JSON.stringify(withTestedEngine({ ...defaults, ...one }));
  const folder = await configFolder({ ...files, "hawser.yaml": textOf(config) });
  const load = async () => {
    await beforeLoad();
    return await loadConfig(join(folder, "hawser.yaml"));
  };
  const log: string[] = [];
  const readSinceMs = Date.now();
  const gateway = new Gateway(await load(), { log: recordingLog(log), version: "test", load, readSinceMs });
  onTestFinished(() => {
    gateway.abort();
    return gateway.stop();
  });
  return { gateway, log, folder, textOf };
}

/** A client that has asked for nothing yet, over its own connection to a cleartext listener; it ends with the test. */
export async function connectClient(port: number, httpVersion: "1.1" | "2"): Promise<OpeningClient> {
  if (httpVersion === "1.1") {
    const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    return h1Client(socket);
  }
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  onTestFinished(() => {
    session.destroy();
  });
  await once(session, "remoteSettings");
  return h2Client(session);
}
