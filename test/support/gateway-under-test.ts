import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { configFolder } from "./config-folder.ts";
import { parseExposition, sumOf } from "./exposition.ts";
import { h1Client, h2Client, type OpeningClient } from "./opening-client.ts";

/** A gateway in this process with one cleartext listener, until the test is over. */
export interface GatewayUnderTest {
  readonly gateway: Gateway;
  readonly log: readonly string[];
  readonly port: number;
  readonly admin: string;
  /** A client that has asked for nothing yet, over its own connection. */
  connect(httpVersion: "1.1" | "2"): Promise<OpeningClient>;
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
  const listeners = [{ name: "main", address: "127.0.0.1:0" }];
  // These clients do not end their half, so each closing handshake lasts until its deadline.
  const deadlines = { closeMs: 300 };
  const text = JSON.stringify({ listeners, admin: { address: "127.0.0.1:0" }, deadlines, ...config });
  const folder = await configFolder({ ...files, "hawser.yaml": text });
  const log: string[] = [];
  const options = { log: (line: string) => void log.push(line), version: "test" };
  const gateway = new Gateway(await loadConfig(join(folder, "hawser.yaml")), options);
  await gateway.start();
  onTestFinished(() => {
    gateway.abort();
    return gateway.stop();
  });
  const address = (pattern: RegExp) => log.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
  const port = Number(address(/^listening main http:\/\/127\.0\.0\.1:(\d+)$/));
  const admin = address(/^admin (\S+)$/) ?? "";
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
    sumOf(parseExposition(await (await fetch(`${admin}/metrics`)).text()), name, labels);
  return {
    gateway,
    log,
    port,
    admin,
    connect: (httpVersion) => connectClient(port, httpVersion),
    metric,
    async settles(name, labels, value) {
      const deadline = performance.now() + 5_000;
      let last = await metric(name, labels);
      while (last !== value && performance.now() < deadline) last = await metric(name, labels);
      if (last !== value) throw new Error(`${name} ${JSON.stringify(labels)} is ${last}, not ${value}`);
    },
  };
}

async function connectClient(port: number, httpVersion: "1.1" | "2"): Promise<OpeningClient> {
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
