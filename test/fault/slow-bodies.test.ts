import { expect, onTestFinished, test } from "vitest";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { connectH1Exchange, connectH2Exchange, contentOf } from "../support/exchange-client.ts";
import { askedFor, expectNeighbourServed, type ExchangeUnderTest } from "../support/exchange-under-test.ts";
import { DeadlineMs, DribbleMs, expectInTime } from "../support/slow-client.ts";
import { TestedEngine } from "../support/tested-engine.ts";

const EachWay: (ExchangeUnderTest & { name: string })[] = (["TLS", "cleartext"] as const).flatMap((access) => [
  { name: `HTTP/1.1 over ${access}`, access, httpVersion: "1.1", connectClient: connectH1Exchange },
  { name: `HTTP/2 over ${access}`, access, httpVersion: "2", connectClient: connectH2Exchange, engine: TestedEngine },
]);

const Upload = { method: "PUT", hasContent: true } as const;

/** What happened to the content that is read of `exchange`. */
function failureOf({ body }: HttpExchange): { error: unknown } {
  const failure: { error: unknown } = { error: undefined };
  body?.on("error", (error) => (failure.error = error)).resume();
  return failure;
}

function every(intervalMs: number, act: () => void): () => void {
  const timer = setInterval(act, intervalMs);
  const stop = () => clearInterval(timer);
  onTestFinished(stop);
  return stop;
}

test.each(EachWay)("$name: 504 for a request that nobody answers, and its owner is told", async (under) => {
  const startMs = performance.now();
  const { answer, gone, exchange, ended, listening } = await askedFor(
    under,
    {},
    { deadlines: { responseMs: DeadlineMs } },
  );
  await ended();
  expectInTime(performance.now() - startMs);
  expect(answer.status).toBe(504);
  expect(gone).toEqual(["deadline"]);
  exchange.respond({ status: 200, fields: [], body: "late" });
  expect(listening.refusals).toEqual([]);
});

test.each(EachWay)("$name: 408 for a body that stops coming while it is read", async (under) => {
  const { client, answer, gone, exchange, ended, listening } = await askedFor(under, Upload, {
    deadlines: { bodyIdleMs: DeadlineMs },
  });
  const failure = failureOf(exchange);
  client.send(Buffer.from("beginning"));
  const startMs = performance.now();
  await listening.until("408", () => answer.status === 408);
  expectInTime(performance.now() - startMs);
  await ended();
  expect(gone).toEqual(["deadline"]);
  expect(failure.error).toBeInstanceOf(Error);
  await expectNeighbourServed(under, listening);
});

test.each(EachWay)("$name: a body that comes slowly puts both deadlines off", async (under) => {
  const deadlines = { bodyIdleMs: DeadlineMs, responseMs: DeadlineMs };
  const { client, answer, gone, exchange, ended, listening } = await askedFor(under, Upload, { deadlines });
  let parts = 0;
  exchange.body?.on("data", () => parts++).once("end", () => exchange.respond({ status: 200, fields: [], body: "" }));
  const stop = every(DribbleMs, () => client.send(Buffer.from("a")));
  const startMs = performance.now();
  await listening.until("three times the deadline", () => performance.now() - startMs > 3 * DeadlineMs);
  stop();
  client.end();
  await ended();
  expect(answer.status).toBe(200);
  expect(parts).toBeGreaterThan(5);
  expect(gone).toEqual([]);
});

test.each(EachWay)("$name: a client owes nothing while its body is not read", async (under) => {
  const { client, answer, gone, exchange, ended, listening } = await askedFor(under, Upload, {
    deadlines: { bodyIdleMs: DeadlineMs },
  });
  const startMs = performance.now();
  await listening.until("twice the deadline", () => performance.now() - startMs > 2 * DeadlineMs);
  expect(gone).toEqual([]);
  exchange.body?.resume().once("end", () => exchange.respond({ status: 200, fields: [], body: "" }));
  client.end();
  await ended();
  expect(answer.status).toBe(200);
});

test.each(EachWay)("$name: a body that stops coming within the answer cuts that off", async (under) => {
  const { client, answer, gone, exchange, ended, listening } = await askedFor(under, Upload, {
    deadlines: { bodyIdleMs: DeadlineMs },
  });
  failureOf(exchange);
  exchange.begin({ status: 200, fields: [] }).write(Buffer.from("part"));
  client.send(Buffer.from("part"));
  const startMs = performance.now();
  await ended();
  expectInTime(performance.now() - startMs);
  expect(answer.end).toBe("cut");
  expect(gone).toEqual(["deadline"]);
  await expectNeighbourServed(under, listening);
});

test.each(EachWay)("$name: a client that does not take what waits is cut off, its neighbour is not", async (under) => {
  const { gone, exchange, listening } = await askedFor(
    {
      ...under,
      connectClient: async (listening) => {
        const client = await under.connectClient(listening);
        client.pause();
        return client;
      },
    },
    {},
    { deadlines: { bodyIdleMs: DeadlineMs } },
  );
  const body = exchange.begin({ status: 200, fields: [] });
  while (body.write(Buffer.alloc(65_536)));
  body.onDrain = () => {
    while (body.write(Buffer.alloc(65_536)));
  };
  const startMs = performance.now();
  await listening.until("the cut", () => gone.length > 0);
  expectInTime(performance.now() - startMs);
  expect(gone).toEqual(["deadline"]);
  await expectNeighbourServed(under, listening);
});

test.each(EachWay)("$name: an answer that is quiet, with nothing waiting, lives on", async (under) => {
  const deadlines = { bodyIdleMs: 50, responseMs: 50, answerMs: 50, idleConnectionMs: 50, headersMs: 400 };
  const { answer, gone, exchange, ended, listening } = await askedFor(under, {}, { deadlines });
  const body = exchange.begin({ status: 200, fields: ["content-type", "text/event-stream"] });
  body.write(Buffer.from("one"));
  const startMs = performance.now();
  // Long enough for the PINGs that look whether an HTTP/2 client is still there.
  await listening.until("a long while", () => performance.now() - startMs > 3_000);
  expect(gone).toEqual([]);
  body.write(Buffer.from("two"));
  body.end();
  await ended();
  expect(contentOf(answer).toString()).toBe("onetwo");
});
