import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Config } from "../../src/gateway/config/config.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import type { PortOfListener } from "../../src/gateway/lifecycle/shared-ports.ts";
import type { FromWorker, ToWorker, WorkerAnswer, WorkerOrder } from "../../src/gateway/lifecycle/worker-messages.ts";
import { Worker } from "../../src/gateway/worker.ts";
import { SharedPort } from "../../src/transport/shared-port.ts";
import { configFolder } from "../support/config-folder.ts";
import { h1Client, h2Client, type OpeningClient } from "../support/opening-client.ts";
import { RecordingOutput } from "../support/recording-output.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

// A worker in this process, and what the process above does for it.

async function configOf(...paths: string[]): Promise<Config> {
  const text = JSON.stringify({
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    routes: paths.map((path) => ({ name: path, path: `/${path}`, handler: "echo" })),
    deadlines: { closeMs: 100 },
  });
  return await loadConfig(join(await configFolder({ "g.yaml": text }), "g.yaml"));
}

class Primary {
  readonly worker: Worker;
  readonly output = new RecordingOutput();
  readonly loads: { readonly last: number; readonly open: number }[] = [];
  readonly #answers = new Map<number, (answer: WorkerAnswer) => void>();
  readonly #port = new SharedPort(
    (socket) => this.#tell({ kind: "connection", number: (this.#connections += 1), port: this.portNumber }, socket),
    () => undefined,
  );
  #tell: (message: ToWorker, handle?: unknown) => void = () => undefined;
  #gone: () => void = () => undefined;
  #orders = 0;
  #connections = 0;
  readonly #lost = Promise.withResolvers<void>();
  ports: PortOfListener[] = [];
  /** The number that connections come with. */
  portNumber = 1;

  constructor() {
    const link = {
      send: (message: FromWorker) => {
        if (message.kind === "load") this.loads.push(message);
        if (message.kind === "answer") this.#answers.get(message.number)?.(message.answer);
      },
      onMessage: (listener: (message: unknown, handle: unknown) => void) => (this.#tell = listener),
      onDisconnect: (listener: () => void) => (this.#gone = listener),
    };
    this.worker = new Worker(link, this.output);
    onTestFinished(async () => {
      this.#port.close();
      this.#gone();
      await this.worker.ended;
    });
  }

  async start(config: Config): Promise<WorkerAnswer> {
    const address = await this.#port.listen({ host: "127.0.0.1", port: 0 });
    this.ports = [{ listener: "main", number: 1, address }];
    const common = {
      ticketSecret: new Uint8Array(32),
      version: "test",
      log: { format: "text", colour: false },
    } as const;
    return await this.order({
      type: "start",
      assignment: { worker: 2, idsBehind: 100, ...common },
      config,
      ports: this.ports,
    });
  }

  order(order: WorkerOrder): Promise<WorkerAnswer> {
    const number = (this.#orders += 1);
    const { promise, resolve } = Promise.withResolvers<WorkerAnswer>();
    this.#answers.set(number, resolve);
    this.#tell({ kind: "order", number, order });
    return promise;
  }

  /** What no client of ours says. */
  tellRaw(message: ToWorker): void {
    this.#tell(message);
  }

  leave(): void {
    this.#gone();
  }

  /** Resolves when a client of HTTP/1.1 has lost its connection. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  async open(version: "1.1" | "2", path: string): Promise<WebSocketClient> {
    return await WebSocketClient.open(await this.#client(version), { path });
  }

  async #client(version: "1.1" | "2"): Promise<OpeningClient> {
    const port = this.ports[0]?.address.port ?? 0;
    if (version === "1.1") {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.on("error", () => undefined);
      socket.once("close", () => this.#lost.resolve());
      onTestFinished(() => void socket.destroy());
      return h1Client(socket);
    }
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => undefined);
    onTestFinished(() => session.destroy());
    await once(session, "remoteSettings");
    return h2Client(session);
  }
}

const Done = { type: "done" };

describe.each(["1.1", "2"] as const)("over HTTP/%s", (version) => {
  test("it serves what it is handed, and tells its load", async () => {
    const primary = new Primary();
    expect(await primary.start(await configOf("echo"))).toEqual(Done);
    const client = await primary.open(version, "/echo");
    client.text("hello");
    expect(await client.next()).toBe("Text hello");
    await vi.waitFor(() => expect(primary.loads.at(-1)).toMatchObject({ last: 1, open: 1 }));
    expect(await primary.order({ type: "count" })).toEqual({ type: "streams", streams: 1 });
    // A client that has left on the way counts as one that came, or its place would never be free again.
    primary.tellRaw({ kind: "connection", number: 2, port: 1 });
    await vi.waitFor(() => expect(primary.loads.at(-1)).toMatchObject({ last: 2, open: 1 }));
    expect(primary.output.text).toMatch(/^\[2\] \S+ \+ echo +h\d connection +101 /m);
  });

  test("a change that was prepared is made by commit, and by nothing else", async () => {
    const primary = new Primary();
    await primary.start(await configOf("echo"));
    const change = { type: "prepare", config: await configOf("echo", "new"), ports: primary.ports } as const;
    expect(await primary.order(change)).toEqual(Done);
    await expect(primary.open(version, "/new")).rejects.toThrow("refused with 404");
    expect(await primary.order({ type: "undo" })).toEqual(Done);
    expect(await primary.order({ type: "commit" })).toEqual({ type: "refused", reason: "nothing was prepared" });

    expect(await primary.order(change)).toEqual(Done);
    const committed = primary.order({ type: "commit" });
    // Asked before the answer is there.
    const client = await primary.open(version, "/new");
    expect(await committed).toEqual(Done);
    client.text("hello");
    expect(await client.next()).toBe("Text hello");
  });

  test("drain closes its streams; without the process above it does so by itself, and ends", async () => {
    const primary = new Primary();
    await primary.start(await configOf("echo"));
    const client = await primary.open(version, "/echo");
    primary.leave();
    expect(await client.next()).toBe("Close 1012");
    await primary.worker.ended;
    expect(primary.output.text).toContain("[2] warning: the process above is gone");
    expect(await primary.order({ type: "drain" })).toEqual(Done);
  });
});

test("a listener without a port is refused, and nothing has changed", async () => {
  const primary = new Primary();
  await primary.start(await configOf("echo"));
  const config = await configOf("other");
  const listeners = config.listeners.map((listener) => ({ ...listener, name: "unknown" }));
  const order: WorkerOrder = { type: "prepare", config: { ...config, listeners }, ports: primary.ports };
  expect(await primary.order(order)).toEqual({ type: "refused", reason: "listener unknown has no port" });
  const client = await primary.open("1.1", "/echo");
  client.text("still there");
  expect(await client.next()).toBe("Text still there");
});

test.each([
  { order: "undo", isServed: false },
  { order: "commit", isServed: true },
] as const)(
  "a connection to a port that was prepared, behind $order: served $isServed",
  async ({ order, isServed }) => {
    const primary = new Primary();
    const config = await configOf("echo");
    await primary.start(config);
    const [main] = [...config.listeners];
    const [port] = primary.ports;
    const listeners = [...config.listeners, { ...main!, name: "more" }];
    const ports = [...primary.ports, { ...port!, listener: "more", number: 2 }];
    await primary.order({ type: "prepare", config: { ...config, listeners }, ports });
    await primary.order({ type: order });
    primary.portNumber = 2;
    const opened = primary.open("1.1", "/echo").then(
      () => true,
      () => false,
    );
    const lost = primary.lost.then(() => false);
    expect(await Promise.race([opened, lost])).toBe(isServed);
  },
);

test("an order before the start is refused", async () => {
  const primary = new Primary();
  const order: WorkerOrder = { type: "prepare", config: await configOf("echo"), ports: [] };
  expect(await primary.order(order)).toEqual({ type: "refused", reason: "it has not started" });
  expect(await primary.order({ type: "scrape" })).toEqual({ type: "families", families: [] });
});
