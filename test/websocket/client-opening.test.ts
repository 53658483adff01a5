import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import type { ClientDialOptions, ClientDialRequest, ClientDialResult } from "../../src/transport/client-dialing.ts";
import { ClientOpening } from "../../src/websocket/client-opening.ts";
import { parseClientUrl } from "../../src/websocket/client-url.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { failureOf } from "../support/client-under-test.ts";
import { Peer, settled } from "../support/websocket-peer.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function accepted(): { result: ClientDialResult; peer: Peer } {
  const { near, far } = createMemoryPair();
  const peer = { address: "192.0.2.1", port: 80, serverName: undefined };
  return {
    result: { type: "accepted", stream: near, answer: {}, httpVersion: "1.1", peer },
    peer: new Peer(far, "server"),
  };
}

function redirected(location: string): ClientDialResult {
  return { type: "refused", rejection: { status: 302, fields: ["location", location], body: "" } };
}

/** Opens `url`; each dial gives the next of `results`, after 1 s. */
async function openThrough(url: string, options: ConnectOptions, results: ClientDialResult[]) {
  const dials: (ClientDialRequest & ClientDialOptions & { readonly options: ConnectOptions })[] = [];
  const opening = new ClientOpening(parseClientUrl(url), options, 10_000, {
    dialerOf: (_target, to) => ({
      async dial(request, dialOptions) {
        dials.push({ ...request, ...dialOptions, options: to });
        vi.advanceTimersByTime(1_000);
        return results[dials.length - 1]!;
      },
    }),
    began: () => undefined,
    ended: () => undefined,
  });
  const connection = await opening.open(new AbortController().signal);
  return { connection, dials };
}

test("each dial has the time that is left", async () => {
  const results = [redirected("/1"), redirected("/2"), accepted().result];
  const { dials } = await openThrough("ws://a/", { maxRedirects: 2 }, results);
  expect(dials.map(({ path, timeoutMs }) => [path, timeoutMs])).toEqual([
    ["/", 10_000],
    ["/1", 9_000],
    ["/2", 8_000],
  ]);
});

const tls = { ca: "believed", verify: true, cert: "shown", key: "to show it", serverName: "a.example" };

test("another origin is shown no certificate, nor taken for the first one", async () => {
  const { dials } = await openThrough("wss://a/", { maxRedirects: 2, tls }, [
    redirected("/same"),
    redirected("wss://b/"),
    accepted().result,
  ]);
  expect(dials.map(({ options }) => options.tls)).toEqual([tls, tls, { ca: "believed", verify: true }]);
});

test("at the end of a unix socket there is no other origin", async () => {
  const options = { maxRedirects: 2, socketPath: "/run/a" };
  const opening = openThrough("ws://a/", options, [redirected("/same"), redirected("ws://b/")]);
  expect(await failureOf(opening)).toMatchObject({ code: "WS_REDIRECTED" });
});

test("what is given up right behind the answer is reset, and not opened", async () => {
  const { result, peer } = accepted();
  const aborting = new AbortController();
  const opening = new ClientOpening(parseClientUrl("ws://a/"), {}, 10_000, {
    dialerOf: () => ({
      async dial() {
        aborting.abort();
        return result;
      },
    }),
    began: () => expect.unreachable(),
    ended: () => expect.unreachable(),
  });
  expect(await failureOf(opening.open(aborting.signal))).toMatchObject({ code: "WS_NOT_OPEN", origin: "caller" });
  await settled();
  expect(peer.ending).toMatchObject({ type: "reset" });
});
