import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { answeringServer, ClientVersions } from "../support/answering-server.ts";
import { clientFor, failureOf } from "../support/client-under-test.ts";
import { serverFor } from "../support/server-ways.ts";
import { turns } from "../support/stream-observers.ts";

describe.each(ClientVersions)("over $protocol an opening", (version) => {
  const { protocol, httpVersion } = version;

  test("that is not answered in time fails, and leaves nothing", async () => {
    const server = await answeringServer(version, () => undefined);
    const error = await failureOf(clientFor({ protocol }).connect(server.url, { openingMs: 50 }));
    expect(error).toMatchObject({ code: "WS_OPENING_TIMEOUT", origin: "transport" });
    await server.allClosed();
  });

  test("whose refusal is not whole in time is told what is there", async () => {
    const server = await answeringServer(version, () => ({ status: 403, body: "no en", goesOn: true }));
    const error = await failureOf(clientFor({ protocol }).connect(server.url, { openingMs: 1_000 }));
    expect(error).toMatchObject({ code: "WS_OPENING_REFUSED", response: { status: 403 } });
    expect(String(error.response?.body)).toBe("no en");
    await server.allClosed();
  });

  test("that is given up rejects with the reason, and leaves nothing", async () => {
    const server = await answeringServer(version, () => undefined);
    const aborting = new AbortController();
    const reason = new Error("enough");
    const opening = clientFor({ protocol }).connect(server.url, { signal: aborting.signal });
    await server.hasAsked(0);
    aborting.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await server.allClosed();
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
  });

  test("that is given up within a refusal rejects with the reason too", async () => {
    const server = await answeringServer(version, () => ({ status: 403, body: "no en", goesOn: true }));
    const aborting = new AbortController();
    const opening = clientFor({ protocol }).connect(server.url, { signal: aborting.signal });
    const outcome = opening.catch((error: unknown) => error);
    await server.hasAsked(0);
    await turns();
    aborting.abort("enough");
    expect(await outcome).toBe("enough");
    await server.allClosed();
  });

  test("that is given up before asks nothing", async () => {
    const server = await answeringServer(version, () => ({}));
    const opening = clientFor({ protocol }).connect(server.url, { signal: AbortSignal.abort("enough") });
    await expect(opening).rejects.toBe("enough");
    await turns();
    expect(server.asked).toEqual([]);
  });

  test("that is done is its signal's no more", async () => {
    const server = await answeringServer(version, () => ({}));
    const aborting = new AbortController();
    const connection = await clientFor({ protocol }).connect(server.url, { signal: aborting.signal, openingMs: 2_000 });
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
    aborting.abort();
    await turns();
    expect(connection.state).toBe("open");
  });

  test.each<{ what: string; options: ConnectOptions }>([
    { what: "a value", options: { fields: ["a", "b\r\nc: d"] } },
    { what: "a value beyond latin1", options: { fields: ["a", "b\u010ac: d"] } },
    { what: "a name", options: { fields: ["a: b\r\nc", "d"] } },
    { what: "a pseudo-field", options: { fields: [":path", "/other"] } },
    { what: "a name without a value", options: { fields: ["a"] } },
    { what: "an origin", options: { origin: "https://a\r\nc: d" } },
    { what: "two origins", options: { origin: "https://a", fields: ["Origin", "https://b"] } },
    { what: "a subprotocol", options: { subprotocols: ["a\r\nc: d"] } },
    { what: "a list in place of a subprotocol", options: { subprotocols: ["a, b"] } },
    { what: "an empty subprotocol", options: { subprotocols: [""] } },
    { what: "a subprotocol twice", options: { subprotocols: ["a", "b", "a"] } },
  ])("that could be read as another one by $what is a TypeError, and asks nothing", async ({ options }) => {
    const server = await answeringServer(version, () => ({}));
    await expect(clientFor({ protocol }).connect(server.url, options)).rejects.toThrow(TypeError);
    await turns();
    expect(server.asked).toEqual([]);
  });

  test("of a client that is closed meanwhile is given up", async () => {
    const server = await answeringServer(version, () => undefined);
    const client = clientFor({ protocol });
    const failing = failureOf(client.connect(server.url));
    await server.hasAsked(0);
    await client.close();
    expect(await failing).toMatchObject({ code: "WS_NOT_OPEN", origin: "caller" });
    await server.allClosed();
    expect(await failureOf(client.connect(server.url))).toMatchObject({ code: "WS_NOT_OPEN" });
  });

  test("and its client's end: its WebSockets are closed with 1001, and nothing is left", async () => {
    const closings: unknown[] = [];
    const { server, reached } = await serverFor(
      { way: "an own listener", httpVersion, kind: undefined },
      {
        handler: {
          onMessage: (one, text) => one.send(text),
          onClose: (_, { peerClose }) => void closings.push(peerClose),
        },
      },
    );
    const url = reached.origin.replace("http", "ws");
    const client = clientFor({ protocol, closeMs: 5_000 });
    const [one, other] = await Promise.all([client.connect(url), client.connect(url)]);
    await one.send("hello");
    expect(await one.receive()).toBe("hello");
    await client.close();
    expect(other.state).toBe("closed");
    const closing = { code: 1001, reason: "" };
    expect(closings).toEqual([closing, closing]);
    await vi.waitFor(() => expect(server.connections.size).toBe(0));
    await client[Symbol.asyncDispose]();
  });
});

test("nobody at the port is unreachable, with what the system says for a cause and no address in the message", async () => {
  const server = await answeringServer({ protocol: "h1" }, () => ({}));
  const url = server.url.replace("127.0.0.1", "127.0.0.99");
  for (const { protocol } of ClientVersions) {
    const error = await failureOf(clientFor({ protocol }).connect(url));
    expect(error).toMatchObject({ code: "WS_UNREACHABLE", origin: "transport", cause: { code: "ECONNREFUSED" } });
    expect(error.message).toContain("no connection to the server: ECONNREFUSED, nobody listens there (WS_");
    expect(error.message).not.toContain("127.0.0.99");
  }
});

test("a name that nobody has is unreachable", async () => {
  const error = await failureOf(clientFor().connect("ws://nowhere.invalid/", { openingMs: 5_000 }));
  expect(["WS_UNREACHABLE", "WS_OPENING_TIMEOUT"]).toContain(error.code);
});

test.each(["ftp://a/", "ws://a/#b", "/chat", ""])("%j is no URL of a WebSocket", async (url) => {
  expect(await failureOf(clientFor().connect(url))).toMatchObject({ code: "WS_URL_INVALID", origin: "caller" });
});
