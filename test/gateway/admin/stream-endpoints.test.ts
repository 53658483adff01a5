import { describe, expect, test, vi } from "vitest";
import { adminSources, startAdmin } from "../../support/admin-under-test.ts";
import { readEvents } from "../../support/event-reader.ts";
import { ListedStreams, streamView } from "../../support/listed-streams.ts";

const Frame = {
  at: 1,
  direction: "to-client",
  opcode: "text",
  fin: true,
  rsv: 0,
  payloadBytes: 5,
} as const;

async function adminOf(...ids: number[]) {
  const streams = new ListedStreams(ids.map((id) => streamView({ id })));
  return { streams, ...(await startAdmin({ sources: await adminSources(streams) })) };
}

describe("GET /streams", () => {
  test("is a page of those that are asked for", async () => {
    const { ask, streams } = await adminOf(1, 2, 3);
    const answer = await ask("/streams?route=chat&limit=2&offset=1&order=bytes");
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toEqual({
      streams: [streamView({ id: 2 }), streamView({ id: 3 })],
      matching: 3,
      open: 3,
      silentWorkers: [],
    });
    expect(streams.queries).toMatchObject([{ route: "chat", limit: 2, offset: 1, order: "bytes" }]);
  });

  test.each([
    { path: "/streams?format=ndjson", init: {} },
    { path: "/streams", init: { headers: { accept: "application/x-ndjson" } } },
  ])("has a line for each, however many: $path $init", async ({ path, init }) => {
    const { ask } = await adminOf(...Array.from({ length: 1_500 }, (_, i) => i + 1));
    const answer = await ask(path, init);
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text()).trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line)).at(-1)).toEqual(streamView({ id: 1_500 }));
    expect(lines).toHaveLength(1_500);
  });

  test("says what would make sense", async () => {
    const { ask } = await adminOf();
    const answer = await ask("/streams?order=size");
    expect([answer.status, await answer.text()]).toEqual([
      400,
      "order is one of age, bytes, messages, rate, idle, buffered, id\n",
    ]);
  });

  test("to HEAD has its fields alone, also where it is written in parts", async () => {
    const { ask, streams } = await adminOf(1);
    const answer = await ask("/streams?format=ndjson", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "application/x-ndjson",
      "",
    ]);
    expect(streams.queries).toEqual([]);
  });
});

describe("one stream", () => {
  test.each([
    { path: "/streams/2", status: 200 },
    { path: "/streams/9", status: 404 },
    { path: "/streams/02x", status: 404 },
    { path: "/streams/", status: 404 },
    { path: "/streams/99999999999999999", status: 404 },
  ])("GET $path: $status", async ({ path, status }) => {
    const { ask } = await adminOf(1, 2);
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(status === 200 ? /^\{"id":2,"worker":0,/ : /^(there is no stream 9|not found)/);
  });

  test.each([
    { path: "/streams/2", status: 202, closes: [[2, 1001]] },
    { path: "/streams/2?code=1000", status: 202, closes: [[2, 1000]] },
    { path: "/streams/2?code=4999", status: 202, closes: [[2, 4999]] },
    { path: "/streams/9", status: 404, closes: [[9, 1001]] },
    { path: "/streams/2?code=1005", status: 422, closes: [] },
    { path: "/streams/2?code=1006", status: 422, closes: [] },
    { path: "/streams/2?code=999", status: 422, closes: [] },
    { path: "/streams/2?code=5000", status: 422, closes: [] },
    { path: "/streams/2?code=", status: 422, closes: [] },
    { path: "/streams/2?reason=x", status: 400, closes: [] },
  ])("DELETE $path: $status", async ({ path, status, closes }) => {
    const { ask, streams } = await adminOf(2);
    const answer = await ask(path, { method: "DELETE" });
    expect(answer.status).toBe(status);
    expect(streams.closes).toEqual(closes);
  });

  test("is closed for a page of this port that says so, and for no other page", async () => {
    const { ask, base, streams } = await adminOf(2);
    const own = { origin: base, "x-hawser-request": "1" };
    const statuses = [
      await ask("/streams/2", {
        method: "DELETE",
        headers: { origin: "https://evil.example", "x-hawser-request": "1" },
      }),
      await ask("/streams/2", { method: "DELETE", headers: { origin: base } }),
      await ask("/streams/2", { method: "DELETE", headers: own }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 202]);
    expect(streams.closes).toEqual([[2, 1001]]);
  });
});

describe("events", () => {
  test("of a stream are its frames, until it ends", async () => {
    const { base, streams } = await adminOf(7);
    const reader = await readEvents(`${base}/streams/7/frames?preview=1`);
    expect(reader.response.headers.get("content-type")).toBe("text/event-stream");
    await vi.waitFor(() => expect(streams.previews).toEqual([true]));
    streams.pass(Frame);
    expect(await reader.next()).toEqual({ event: "frame", data: JSON.stringify(Frame) });
    streams.endAll();
    expect(await reader.next()).toMatchObject({ event: "end" });
    expect(await reader.next()).toBeUndefined();
    expect(streams.frameListeners.size).toBe(0);
  });

  test("of the gateway are its news", async () => {
    const { base, streams } = await adminOf();
    const reader = await readEvents(`${base}/events`);
    await vi.waitFor(() => expect(streams.eventListeners.size).toBe(1));
    streams.tell({ type: "draining", at: 5 });
    expect(await reader.next()).toEqual({ event: "draining", data: '{"type":"draining","at":5}' });
  });

  test("cost nothing when the reader has gone", async () => {
    const { base, streams } = await adminOf(7);
    const readers = [await readEvents(`${base}/events`), await readEvents(`${base}/streams/7/frames`)];
    const listeners = () => [streams.eventListeners.size, streams.frameListeners.size];
    await vi.waitFor(() => expect(listeners()).toEqual([1, 1]));
    for (const reader of readers) reader.leave();
    await vi.waitFor(() => expect(listeners()).toEqual([0, 0]));
  });

  test.each([
    { path: "/streams/9/frames", status: 404, text: /no stream 9/ },
    { path: "/streams/7/frames?payload=1", status: 400, text: /known are preview/ },
  ])("$path: $status", async ({ path, status, text }) => {
    const { ask } = await adminOf(7);
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(text);
  });

  test("have sixteen readers at most, and room again when one leaves", async () => {
    const { ask, base, streams } = await adminOf();
    const readers = await Promise.all(Array.from({ length: 16 }, () => readEvents(`${base}/events`)));
    const refused = await ask("/events");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
    expect((await ask("/livez")).status).toBe(200);
    readers[0]?.leave();
    await vi.waitFor(() => expect(streams.eventListeners.size).toBe(15));
    expect((await readEvents(`${base}/events`)).response.status).toBe(200);
  });

  test("have no more readers where many come at once", async () => {
    const { base } = await adminOf(7);
    const urls = Array.from({ length: 40 }, (_, i) => `${base}${i % 2 === 0 ? "/events" : "/streams/7/frames"}`);
    const readers = await Promise.all(urls.map((url) => readEvents(url)));
    expect(readers.filter(({ response }) => response.status === 200)).toHaveLength(16);
    expect(readers.filter(({ response }) => response.status === 503)).toHaveLength(24);
  });

  test("end with the port, and when other rules come", async () => {
    const { server, base, streams } = await adminOf();
    const reader = await readEvents(`${base}/events`);
    await vi.waitFor(() => expect(streams.eventListeners.size).toBe(1));
    server.update({ auth: { type: "token", token: "0123456789abcdef" }, hosts: [] });
    expect(await reader.next()).toBeUndefined();
    expect((await readEvents(`${base}/events`)).response.status).toBe(401);
    const headers = { authorization: "Bearer 0123456789abcdef" };
    const again = await readEvents(`${base}/events`, { headers });
    await server.close();
    expect(await again.next()).toBeUndefined();
  });

  test("to HEAD are not begun", async () => {
    const { ask, streams } = await adminOf();
    const answer = await ask("/events", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(streams.eventListeners.size).toBe(0);
  });
});
