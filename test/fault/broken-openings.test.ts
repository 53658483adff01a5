import { describe, expect, test } from "vitest";
import {
  listenFor,
  LongDeadlines,
  readUntil,
  upgradeRequest,
  type Access,
  type ListenerUnderTest,
} from "../support/listening.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headersFrame,
  Preface,
  rawFrame,
  settingsFrame,
  uint32,
} from "../support/raw-h2.ts";
import { turns } from "../support/stream-observers.ts";

const Accesses: readonly Access[] = ["TLS", "cleartext"];

/** What node:http2 leaves open is found by looking: after these times and a little more. */
const deadlines = { ...LongDeadlines, headersMs: 400, idleConnectionMs: 1_500 };

const endings = ["RST", "FIN"] as const;
const EachWay = Accesses.flatMap((access) => endings.map((ending) => ({ access, ending })));

/** Answers all that comes in each way there is, one after the other. */
function answerInTurn(listening: ListenerUnderTest): void {
  let turn = 0;
  listening.onOpening = (opening) => {
    turn++;
    if (turn % 3 === 0) return;
    if (turn % 3 === 1) opening.reject({ status: 403, fields: [], body: "no" });
    else {
      const stream = opening.accept({});
      stream.start({
        onBytes: (bytes, start, end) => void stream.write(bytes, start, end, "kept"),
        onDrain() {},
        onEnd: () => stream.end(),
        onClose() {},
      });
    }
  };
  listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "body" });
}

/** Sends `bytes` on a new connection, in `steps`, and breaks it off. */
async function breakOff(
  listening: ListenerUnderTest,
  alpn: string,
  steps: readonly Uint8Array[],
  ending: "RST" | "FIN",
) {
  const { socket, tcp } = await listening.connectLayers([alpn]);
  for (const step of steps) {
    socket.write(step);
    await turns(1);
  }
  if (ending === "RST") tcp.resetAndDestroy();
  else tcp.destroy();
  socket.destroy();
}

async function expectCleanAndServing(listening: ListenerUnderTest): Promise<void> {
  await listening.untilNoConnections();
  expect(listening.closed).toHaveLength(listening.opened.length);
  listening.onOpening = (opening) => void opening.accept({});
  const h1 = await listening.connect();
  h1.write(upgradeRequest());
  expect(await readUntil(h1, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
  const h2 = await listening.connectH2();
  h2.send(headersFrame(1, connectFields()));
  expect(await h2.status(1)).toBe(200);
}

const opening = (id: number) => headersFrame(id, connectFields());

describe("a client that breaks off", () => {
  test.each(EachWay)("after each byte of an Upgrade, with $ending over $access", async ({ access, ending }) => {
    const listening = await listenFor(access, { deadlines });
    answerInTurn(listening);
    const bytes = Buffer.from(`${upgradeRequest()}early`);
    const step = access === "TLS" ? 3 : 1;
    for (let sent = 0; sent <= bytes.length; sent += step) {
      await breakOff(listening, "http/1.1", [bytes.subarray(0, sent)], ending);
    }
    for (let again = 0; again < 6; again++) await breakOff(listening, "http/1.1", [bytes], ending);
    await expectCleanAndServing(listening);
  });

  test.each(EachWay)("after each byte of an HTTP/2 opening, with $ending over $access", async ({ access, ending }) => {
    const listening = await listenFor(access, { deadlines });
    answerInTurn(listening);
    const bytes = Buffer.concat([
      Preface,
      settingsFrame(),
      opening(1),
      rawFrame(FrameType.Data, 0, 1, Buffer.from("hi")),
    ]);
    const step = access === "TLS" ? 3 : 1;
    for (let sent = 0; sent <= bytes.length; sent += step) {
      await breakOff(listening, "h2", [bytes.subarray(0, sent)], ending);
    }
    await expectCleanAndServing(listening);
  });

  test.each(EachWay)("at each frame of several openings, with $ending over $access", async ({ access, ending }) => {
    const listening = await listenFor(access, { deadlines });
    answerInTurn(listening);
    const frames = [
      Buffer.concat([Preface, settingsFrame()]),
      rawFrame(FrameType.Settings, Flag.Ack, 0),
      opening(1),
      opening(3),
      rawFrame(FrameType.Data, Flag.None, 3, Buffer.alloc(1_000)),
      rawFrame(FrameType.RstStream, Flag.None, 1, uint32(8)),
      opening(5),
      rawFrame(FrameType.Data, Flag.EndStream, 3),
      opening(7),
      rawFrame(FrameType.WindowUpdate, Flag.None, 0, uint32(1_000)),
      rawFrame(FrameType.Data, Flag.EndStream, 5, Buffer.alloc(1_000)),
      rawFrame(FrameType.GoAway, Flag.None, 0, Buffer.alloc(8)),
    ];
    for (let sent = 0; sent <= frames.length; sent++) {
      const steps = frames.slice(0, sent);
      await breakOff(listening, "h2", steps, ending);
      await breakOff(listening, "h2", [Buffer.concat(steps)], ending);
    }
    await expectCleanAndServing(listening);
  });

  test.each(Accesses)("in the moment of the answer, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    for (const answer of ["accept", "reject"] as const) {
      for (const alpn of ["http/1.1", "h2"]) {
        const { socket, tcp } = await listening.connectLayers([alpn]);
        socket.write(alpn === "h2" ? Buffer.concat([Preface, settingsFrame(), opening(1)]) : upgradeRequest());
        const pending = await listening.nextOpening(listening.openings.length + 1);
        tcp.resetAndDestroy();
        if (answer === "reject") pending.reject({ status: 403, fields: [], body: "x".repeat(100_000) });
        else {
          const stream = pending.accept({});
          const closed = new Promise((resolve) =>
            stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose: resolve }),
          );
          for (let written = 0; written < 20; written++) stream.write(Buffer.alloc(100_000), 0, 100_000, "kept");
          await closed;
        }
        socket.destroy();
        await listening.untilNoConnections();
      }
    }
    await expectCleanAndServing(listening);
  });

  test.each(Accesses)("amid the TLS handshake or the first bytes, over %s", async (access) => {
    const listening = await listenFor(access, { deadlines });
    const hello = Buffer.alloc(100);
    hello.write("1603010200010001fc0303", "hex");
    const bytes = access === "TLS" ? hello : Preface;
    for (let sent = 0; sent < 24; sent++) {
      for (const ending of endings) {
        const tcp = await listening.connectTcp();
        tcp.write(bytes.subarray(0, sent));
        await turns(1);
        if (ending === "RST") tcp.resetAndDestroy();
        else tcp.end();
      }
    }
    await listening.untilNoConnections();
    expect(listening.opened).toEqual([]);
    expect(new Set(listening.failures)).toEqual(new Set(["client-left"]));
    await expectCleanAndServing(listening);
  });
});
