import { once } from "node:events";
import { connect, constants, type ClientHttp2Session } from "node:http2";
import {
  ClientEndings,
  liveOverHttp1,
  liveOverHttp2,
  maskedBinary,
  maskedText,
  openOverHttp2,
  type ShortLife,
} from "../support/churning-clients.ts";

/** How many WebSockets a page has open when it is reloaded, and when it is left. */
const OpenOfPage = 25;
const StreamsOfPage = 2 * OpenOfPage;
/** Each so many WebSockets there is a page. */
const PageEvery = 500;
/** At work at the same time, each with one WebSocket or a page. */
const Lanes = 32;
/** So many pages share the WebSockets over HTTP/2 that are not a page's own. */
const Sessions = 4;

const UpstreamEndings = ["upstream close", "upstream end", "upstream reset"] as const;
/** Handlers of the gateway's own do not end at a word: behind them clients alone end. */
const Ways: readonly Omit<ShortLife, "message">[] = [
  ...[...ClientEndings, ...UpstreamEndings].map((ending) => ({ path: "/relay", ending })),
  ...ClientEndings.map((ending) => ({ path: "/echo", ending })),
];

const Small = maskedText("hi");
const Large = maskedBinary(70_000);

/** What was done so far. */
export interface SoakCounts {
  /** WebSockets opened that carried a message and ended, those of pages too. */
  streams: number;
  pages: number;
  /** Those that went otherwise than they should, by what was said of them. */
  readonly failures: Map<string, number>;
}

/**
 * Opens `streams` WebSockets at the gateway on `port`, half over HTTP/1.1 and half over HTTP/2, at an even pace over
 * `seconds`, or as fast as they go where that is longer. Leaves no connection behind.
 */
export async function runLoad(port: number, streams: number, seconds: number, counts: SoakCounts): Promise<void> {
  const shared = await Promise.all(Array.from({ length: Sessions }, () => openSession(port)));
  const startedAt = performance.now();
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < streams) {
      const index = begun;
      const isPage = index % PageEvery === 0;
      begun += isPage ? StreamsOfPage : 1;
      await until(startedAt + (index / streams) * seconds * 1_000);
      await (isPage ? page(port, counts) : one(port, shared[index % Sessions]!, index, counts));
    }
  };
  await Promise.all(Array.from({ length: Lanes }, lane));
  await Promise.all(shared.map(leave));
}

async function one(port: number, session: ClientHttp2Session, index: number, counts: SoakCounts): Promise<void> {
  const way = Ways[Math.floor(index / 2) % Ways.length]!;
  const life: ShortLife = { ...way, message: index % 16 < 2 ? Large : Small };
  try {
    await (index % 2 === 0 ? liveOverHttp2(session, life) : liveOverHttp1(port, life));
    counts.streams += 1;
  } catch (error) {
    failed(counts, `${index % 2 === 0 ? "h2" : "h1"} ${life.path} ${life.ending}: ${String(error)}`);
  }
}

/** A page is opened, reloaded by resets of all its WebSockets, and left with its connection. */
async function page(port: number, counts: SoakCounts): Promise<void> {
  try {
    const session = await openSession(port);
    for (const isReloaded of [true, false]) {
      const open = await Promise.all(
        Array.from({ length: OpenOfPage }, (_, index) => openOverHttp2(session, index % 2 ? "/relay" : "/echo", Small)),
      );
      if (isReloaded) for (const stream of open) stream.close(constants.NGHTTP2_CANCEL);
    }
    const closed = once(session, "close");
    session.destroy();
    await closed;
    counts.streams += StreamsOfPage;
    counts.pages += 1;
  } catch (error) {
    failed(counts, `page: ${String(error)}`);
  }
}

async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  return session;
}

async function leave(session: ClientHttp2Session): Promise<void> {
  if (session.destroyed) return;
  const closed = once(session, "close");
  session.close();
  await closed;
}

function failed({ failures }: SoakCounts, what: string): void {
  failures.set(what, (failures.get(what) ?? 0) + 1);
}

async function until(dueAt: number): Promise<void> {
  const missing = dueAt - performance.now();
  if (missing > 0) await new Promise((resolve) => setTimeout(resolve, missing));
}
