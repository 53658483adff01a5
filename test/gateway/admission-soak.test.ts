import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Admission } from "../../src/websocket/admission.ts";
import { hex } from "../support/bits.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectSession, HttpVersions } from "../support/loopback-clients.ts";
import { h2Client, type OpeningClient } from "../support/opening-client.ts";
import { scriptedUpstream, type Script } from "../support/scripted-upstream.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const Bound = 4;
const Throws = 'export function onOpen() { throw new Error("at once"); }\n';
const ThrowsLater = 'export function onMessage() { throw new Error("later"); }\n';

const Paths = ["/echo", "/relay", "/throws", "/later", "/dead", "/slow", "/strict", "/odd", "/short", "/nowhere"];
/** What a client does when it has asked; `waits` for the answer first. */
const Ways = [
  { way: "leaves at once", waits: false, bytes: undefined, leaves: true },
  { way: "leaves when answered", waits: true, bytes: undefined, leaves: true },
  { way: "breaks a rule", waits: true, bytes: hex("81 01 61"), leaves: false },
  { way: "closes", waits: true, bytes: hex("88 82 00000000 03e8"), leaves: false },
  { way: "says something and stays", waits: true, bytes: hex("81 81 00000000 61"), leaves: false },
] as const;

/** Counts the places in the gateway that were given, and those that were not given back. */
function watchPlaces(): { readonly given: number; readonly held: number } {
  const held = new Set<object>();
  const places = {
    given: 0,
    get held() {
      return held.size;
    },
  };
  const admit = Admission.prototype.admit;
  const spy = vi.spyOn(Admission.prototype, "admit").mockImplementation(function (this: Admission, ...asked) {
    const result = admit.apply(this, asked);
    if (result.type === "refused") return result;
    const place = {};
    held.add(place);
    places.given += 1;
    const release = () => {
      held.delete(place);
      result.release();
    };
    return { ...result, release };
  });
  onTestFinished(() => spy.mockRestore());
  return places;
}

async function upstreamAddress(script: Script): Promise<string> {
  const { address } = await scriptedUpstream(script);
  if (address.transport.type !== "tcp") throw new Error("not TCP");
  return `ws://127.0.0.1:${address.transport.port}`;
}

async function manyRoutes() {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const upstreams = {
    relay: { addresses: [backend.url] },
    dead: { addresses: ["ws://127.0.0.1:1"] },
    slow: { addresses: [await upstreamAddress(() => {})], answerTimeoutMs: 300 },
    strict: {
      addresses: [await upstreamAddress((socket) => socket.end("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"))],
    },
    odd: { addresses: [await upstreamAddress((socket) => socket.end("HTTP/1.1 101 Yes\r\n\r\n"))] },
    short: { addresses: [await upstreamAddress((socket) => socket.destroy())] },
  };
  const routes = [
    { path: "/echo", handler: "echo" },
    { path: "/throws", handler: "./throws.mjs" },
    { path: "/later", handler: "./later.mjs" },
    ...Object.keys(upstreams).map((name) => ({ path: `/${name}`, upstream: name })),
  ];
  return { upstreams, routes: routes.map((route) => ({ ...route, name: route.path.slice(1), maxStreams: Bound })) };
}

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, opened }) => {
  test(
    "whatever becomes of openings and WebSockets, reloads between, every place is given back",
    { timeout: 60_000 },
    async () => {
      const places = watchPlaces();
      const config = {
        ...(await manyRoutes()),
        limits: { maxStreams: 2 * Bound, maxStreamsPerAddress: 2 * Bound, maxStreamsPerConnection: Bound },
        deadlines: { closeMs: 100, answerMs: 400 },
      };
      const gateway = await startGatewayUnderTest(config, { "throws.mjs": Throws, "later.mjs": ThrowsLater });
      const session = httpVersion === "2" ? await connectSession(gateway.port) : undefined;
      const connect = async (i: number): Promise<OpeningClient> =>
        session === undefined || i % 2 === 0 ? await gateway.connect(httpVersion) : h2Client(session);
      const ask = async (i: number, round: number): Promise<void> => {
        const client = await connect(i);
        const { waits, bytes, leaves } = Ways[(i + round) % Ways.length]!;
        const fields = i % 11 === 0 ? ([["Origin", "https://evil.example"]] as const) : [];
        client.ask({ path: Paths[(i * 7) % Paths.length]!, fields });
        const isOpen = waits && (await client.response()).status === opened;
        if (isOpen && bytes !== undefined) client.send(bytes);
        if (leaves) client.leave();
        else onEnd.push(() => client.leave());
      };
      const onEnd: (() => void)[] = [];
      for (let round = 0; round < 12; round++) {
        await Promise.all(Array.from({ length: 10 }, (_, i) => ask(round * 11 + i, round)));
        const drainMs = 30_000 + round;
        const routes = config.routes.map((route, i) => (i === round % 9 ? { ...route, maxStreams: Bound + 1 } : route));
        await gateway.reload({
          ...config,
          routes,
          reload: { watch: false, changedRouteMs: 0 },
          deadlines: { ...config.deadlines, drainMs },
        });
        for (const leave of onEnd.splice(0)) leave();
      }
      await vi.waitFor(() => expect(places.held).toBe(0), { timeout: 10_000 });
      expect(places.given).toBeGreaterThan(40);

      await gateway.reload({
        ...config,
        routes: [{ path: "/echo", name: "echo", handler: "echo", maxStreams: Bound }],
      });
      const statuses: number[] = [];
      for (let i = 0; i <= Bound; i++) {
        const client = await gateway.connect(httpVersion);
        client.ask({ path: "/echo" });
        statuses.push((await client.response()).status);
      }
      expect(statuses).toEqual([...Array<number>(Bound).fill(opened), 503]);
    },
  );
});
