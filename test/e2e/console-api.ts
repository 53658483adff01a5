import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { FrameView, GatewayEvent, Overview, StreamView } from "../../src/gateway/telemetry/stream-view.ts";
import type { UpstreamLine } from "../../src/gateway/admin/upstream-lines.ts";
import { generatedStreams, pageOf, sequence } from "./console-streams.ts";

/** The policy that the admin port has for its page. */
const Policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'";

/** An admin port that has streams without any gateway: as many as are wanted, and the same each time. */
export interface ConsoleApi {
  readonly url: string;
  /** The requests so far that change something: method, path and `x-hawser-request`. */
  readonly changes: readonly string[];
  /** How often the overview was asked for. */
  readonly readings: number;
  /** From now on an answer needs this Authorization; `undefined` for none. */
  demand(authorization: string | undefined): void;
  /** Nothing is answered any more, until it is called again. */
  hangUp(isGone: boolean): void;
  stop(): Promise<void>;
}

/** Serves the console of `folder` and an API with `count` streams behind it. */
export async function startConsoleApi(folder: string, count: number): Promise<ConsoleApi> {
  const startedAt = Date.now() - 3_600_000 * 31;
  let streams = generatedStreams(count, Date.now());
  const random = sequence(11);
  const changes: string[] = [];
  let authorization: string | undefined;
  let isGone = false;
  let readings = 0;
  const json = (response: ServerResponse, value: unknown): void => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const feed = (response: ServerResponse, next: () => [string, FrameView | GatewayEvent], everyMs: number): void => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const timer = setInterval(() => {
      const [event, data] = next();
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }, everyMs);
    response.on("close", () => clearInterval(timer));
  };
  const get = async (path: string, query: URLSearchParams, response: ServerResponse): Promise<void> => {
    const [, view, id = "", part] = path.split("/");
    const stream = streams.find((one) => one.id === Number(id));
    if (view === "console") return sendFile(response, folder, id);
    if (view === "overview") readings += 1;
    if (view === "overview") return json(response, overviewOf(streams, startedAt, random));
    if (view === "streams" && id === "") {
      streams = streams.map((one) => moved(one, random));
      return json(response, pageOf(streams, query));
    }
    if (part === "frames" && stream) return feed(response, () => ["frame", frameOf(random, query.has("preview"))], 40);
    if (view === "streams" && stream) return json(response, moved(stream, random));
    if (view === "upstreams") return json(response, { upstreams: upstreamsOf(streams) });
    if (view === "config") return json(response, Config);
    if (view === "events") {
      return feed(
        response,
        () => {
          const event = eventOf(random, streams);
          return [event.type, event];
        },
        150,
      );
    }
    response.writeHead(404).end("not found\n");
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    if (isGone) return void request.socket.destroy();
    if (authorization !== undefined && !pathname.startsWith("/console")) {
      const fields = { "www-authenticate": 'Basic realm="hawser"' };
      if (request.headers.authorization !== authorization)
        return void response.writeHead(401, fields).end("who are you?\n");
    }
    if (request.method === "GET") return await get(pathname, searchParams, response);
    changes.push(`${request.method} ${request.url} ${String(request.headers["x-hawser-request"])}`);
    const [, , id] = pathname.split("/");
    streams = streams.filter((one) => one.id !== Number(id));
    response.writeHead(202).end("it has begun\n");
  };
  const server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    changes,
    get readings() {
      return readings;
    },
    demand: (next) => void (authorization = next),
    hangUp: (next) => void (isGone = next),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function sendFile(response: ServerResponse, folder: string, name: string): Promise<void> {
  const types: Record<string, string> = { js: "text/javascript", css: "text/css" };
  const type = types[name.split(".").at(-1) ?? ""] ?? "text/html; charset=utf-8";
  const content = await readFile(join(folder, name === "" ? "index.html" : name));
  response.writeHead(200, { "content-type": type, "content-security-policy": Policy }).end(content);
}

function moved(stream: StreamView, random: () => number): StreamView {
  const shake = (traffic: StreamView["toClient"]): StreamView["toClient"] => ({
    ...traffic,
    bytes: traffic.bytes + Math.round(traffic.bytesPerSecond),
    bytesPerSecond: traffic.bytesPerSecond * (0.8 + 0.4 * random()),
  });
  const ageMs = Date.now() - stream.openedAt;
  return { ...stream, ageMs, toUpstream: shake(stream.toUpstream), toClient: shake(stream.toClient) };
}

function overviewOf(streams: readonly StreamView[], startedAt: number, random: () => number): Overview {
  const at = Date.now();
  const seconds = (at - startedAt) / 1000;
  const wave = (scale: number): number =>
    Math.round(scale * (seconds + 8 * Math.sin(seconds / 20) + 1.5 * Math.sin(seconds / 3)));
  const many = streams.length;
  const routes = [...new Set(streams.map(({ route }) => route))];
  const some = (value: number): number | null => (many === 0 ? null : value * (0.8 + 0.4 * random()));
  return {
    ...{ at, version: "0.1.0", startedAt, readiness: "ready", generation: 3, workers: 4, silentWorkers: [] },
    open: many === 0 ? 0 : many + Math.round((many / 12) * Math.sin(seconds / 30)),
    connections: { h1: streams.filter(({ protocol }) => protocol === "h1").length, h2: Math.ceil(many / 40) },
    opened: wave(many / 40) + many,
    closed: wave(many / 40),
    openings: { accepted: wave(many / 40), no_route: wave(many / 900), origin: wave(many / 2000) },
    closes:
      many === 0
        ? {}
        : {
            "1000 client": wave(many / 60),
            "1001 client": wave(many / 160),
            "1006 client": wave(many / 400),
            "1012 gateway": wave(many / 4000),
            "1011 upstream": wave(many / 9000),
            "4xxx client": wave(many / 5000),
          },
    toUpstream: { bytes: wave(many * 300), messages: wave(many * 0.9) },
    toClient: { bytes: wave(many * 4100), messages: wave(many * 4) },
    openingMs: { p50: some(3.1), p99: some(41) },
    pingMs: { p50: some(22), p99: some(190) },
    routes: routes.map((route, index) => ({
      route,
      upstream: `${route}-backend`,
      open: streams.filter((one) => one.route === route).length,
      opened: wave(many / (90 + index)),
      bytes: wave(many * 1000),
      messages: wave(many),
    })),
  };
}

function frameOf(random: () => number, preview: boolean): FrameView {
  const opcodes = ["text", "text", "text", "binary", "continuation", "ping", "pong"] as const;
  const opcode = opcodes[Math.floor(random() * opcodes.length)] ?? "text";
  const text = preview && opcode === "text" ? { preview: '{"type":"price","symbol":"***","bid":101.25}' } : {};
  const direction = random() < 0.3 ? "to-upstream" : "to-client";
  return {
    at: Date.now(),
    direction,
    opcode,
    fin: random() < 0.9,
    rsv: 0,
    payloadBytes: Math.round(10 ** (4 * random())),
    ...text,
  };
}

function eventOf(random: () => number, streams: readonly StreamView[]): GatewayEvent {
  const { id, route, protocol } = streams[Math.floor(random() * streams.length)] ?? {
    id: 1,
    route: "chat",
    protocol: "h2",
  };
  const about = { at: Date.now(), id, route, protocol };
  const kind = random();
  if (kind < 0.5) return { type: "opened", ...about };
  if (kind < 0.9) {
    return {
      type: "closed",
      ...about,
      initiator: "client",
      code: 1001,
      cause: "close-frame",
      ageMs: 10 ** (6 * random()),
    };
  }
  if (kind < 0.97) return { type: "refused", at: Date.now(), route, protocol, result: "origin", status: 403 };
  if (kind < 0.99) return { type: "reloaded", at: Date.now(), generation: 4, summary: "1 route changed (chat)" };
  return { type: "missed", at: Date.now(), count: 12 };
}

function upstreamsOf(streams: readonly StreamView[]): readonly UpstreamLine[] {
  return [...new Set(streams.map(({ upstream }) => upstream))].map((name, index) => ({
    name,
    addresses: [`ws://10.0.${index}.4:8080`, `ws://10.0.${index}.5:8080`],
    open: streams.filter((one) => one.upstream === name).length,
    dials: 40_321 * (index + 1),
    failures: index * 17,
    results: { accepted: 40_321, refused: index * 17 },
  }));
}

const Config = {
  generation: 3,
  loadedAt: 1_795_600_000_000,
  summary: "1 route added (presence)\n1 upstream changed (game-backend)\nlimits.maxStreams 16384 → 32768",
  config: {
    listeners: [{ name: "public", address: "0.0.0.0:443", tls: { certificate: "tls.pem", key: "(secret)" } }],
    routes: [{ name: "chat", path: "/chat", upstream: "chat-backend" }],
    limits: { maxStreams: 32_768, maxConnections: 4096 },
  },
};
