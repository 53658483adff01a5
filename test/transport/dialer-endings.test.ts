import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { DialResult } from "../../src/transport/dialer.ts";
import { accepted, dialUpstream, started, switching } from "../support/dialing.ts";
import { scriptedUpstream } from "../support/scripted-upstream.ts";
import { turns } from "../support/stream-observers.ts";

describe("an upstream that goes away", () => {
  const refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nnot here";
  const bodyStart = refusal.length - 8;
  const leave = {
    resets: (socket: Socket) => void socket.resetAndDestroy(),
    ends: (socket: Socket) => void socket.end(),
  };

  test.each(Object.entries(leave))(
    "and %s within its 101 is invalid, and behind it an accepted stream",
    async (_how, go) => {
      const length = switching("").length;
      for (let sent = 0; sent <= length; sent++) {
        const upstream = await scriptedUpstream((socket, head) => {
          socket.write(switching(head).slice(0, sent), () => go(socket));
        });
        const result = await dialUpstream(upstream.address);
        expect({ sent, type: result.type }).toEqual({ sent, type: sent < length ? "invalid" : "accepted" });
        if (result.type === "accepted") {
          const observer = started(result.stream);
          await observer.until("the end", () => observer.ends === 1 || observer.ending?.type === "reset");
          result.stream.abort("cancel");
        }
        await upstream.allClosed();
      }
    },
  );

  test.each(Object.entries(leave))("and %s within its refusal is refused with what came", async (_how, go) => {
    for (let sent = 0; sent <= refusal.length; sent++) {
      const upstream = await scriptedUpstream((socket) => {
        socket.write(refusal.slice(0, sent), () => go(socket));
      });
      const result = await dialUpstream(upstream.address);
      const body = result.type === "refused" ? String(result.rejection.body) : "";
      const type = sent < bodyStart ? "invalid" : "refused";
      expect({ sent, type: result.type, body }).toEqual({ sent, type, body: refusal.slice(bodyStart, sent) });
      await upstream.allClosed();
    }
  });
});

describe("an upstream that takes its time", () => {
  const head = "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n";
  test.each<{ what: string; says: string; result: DialResult }>([
    { what: "and says nothing", says: "", result: { type: "timeout", detail: "no answer in time", asked: true } },
    {
      what: "within the head",
      says: head.slice(0, -2),
      result: { type: "timeout", detail: "no answer in time", asked: true },
    },
    {
      what: "within interim responses",
      says: "HTTP/1.1 102 Processing\r\n\r\n",
      result: { type: "timeout", detail: "no answer in time", asked: true },
    },
    {
      what: "within the body of a refusal, of which the client gets the rest",
      says: `${head}try`,
      result: { type: "refused", rejection: { status: 503, fields: [], body: Buffer.from("try") } },
    },
  ])("$what meets the answer deadline", async ({ says, result }) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const said = Promise.withResolvers<void>();
    const upstream = await scriptedUpstream((socket) => socket.write(says, () => said.resolve()));
    const dialed = dialUpstream(upstream.address, { answerTimeoutMs: 10_000 });
    await said.promise;
    await turns();
    vi.advanceTimersByTime(9_999);
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await dialed).toEqual(result);
    expect(vi.getTimerCount()).toBe(0);
    await upstream.allClosed();
  });
});

describe("a dial that is aborted", () => {
  const head = "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n";

  test("before it begins does nothing", async () => {
    const upstream = await scriptedUpstream(() => undefined);
    expect(await dialUpstream(upstream.address, { signal: AbortSignal.abort() })).toEqual({ type: "aborted" });
    expect(upstream.requests).toEqual([]);
  });

  test("while it connects lets go at once", async () => {
    const upstream = await scriptedUpstream(() => undefined);
    const aborting = new AbortController();
    const dialed = dialUpstream(upstream.address, { signal: aborting.signal });
    aborting.abort();
    expect(await dialed).toEqual({ type: "aborted" });
    await upstream.allClosed();
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
  });

  test.each([
    { when: "before an answer", says: "" },
    { when: "within the head", says: head.slice(0, 20) },
    { when: "within the body", says: `${head}try` },
  ])("$when lets go at once", async ({ says }) => {
    const said = Promise.withResolvers<void>();
    const upstream = await scriptedUpstream((socket) => socket.write(says, () => said.resolve()));
    const aborting = new AbortController();
    const dialed = dialUpstream(upstream.address, { signal: aborting.signal });
    await said.promise;
    await turns();
    aborting.abort();
    expect(await dialed).toEqual({ type: "aborted" });
    await upstream.allClosed();
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
  });

  test("after it was accepted leaves the stream alone, and so does every deadline", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const upstream = await scriptedUpstream((socket, request) => {
      socket.write(switching(request));
      socket.on("data", (chunk: Buffer) => socket.write(chunk));
    });
    const aborting = new AbortController();
    const { stream, observer } = await accepted(dialUpstream(upstream.address, { signal: aborting.signal }));
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
    aborting.abort();
    stream.write(Buffer.from("still here"), 0, 10, "kept");
    vi.useRealTimers();
    await observer.until("the echo", () => observer.receivedBytes === 10);
    expect(observer.ending).toBeUndefined();
  });
});

test("leaves no socket and no timer behind, whatever became of a dial", async () => {
  const answers = ["", "garbage\n", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 No\r\n\r\n"];
  const held = (kind: string) => process.getActiveResourcesInfo().filter((one) => one === kind).length;
  const upstreams = [];
  for (const answer of answers) upstreams.push(await scriptedUpstream((socket) => socket.end(answer)));
  const timersBefore = held("Timeout");
  for (let round = 0; round < 5; round++) {
    const dialed = upstreams.map(({ address }) => dialUpstream(address));
    expect((await Promise.all(dialed)).map(({ type }) => type)).toEqual(["invalid", "invalid", "refused", "refused"]);
  }
  for (const upstream of upstreams) await upstream.allClosed();
  await vi.waitFor(() => expect(held("TCPSocketWrap")).toBe(0));
  // The runner's own timer may be among those before.
  expect(held("Timeout")).toBeLessThanOrEqual(timersBefore);
});
