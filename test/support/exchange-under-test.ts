import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { ListenerOptions } from "../../src/transport/listener.ts";
import { contentOf, type ConnectExchangeClient, type RequestWish } from "./exchange-client.ts";
import { DefaultH2, listenFor, LongDeadlines, type Access, type ListenerUnderTest } from "./listening.ts";

/** What is under test: one HTTP version over TLS or cleartext. */
export interface ExchangeUnderTest {
  readonly access: Access;
  readonly httpVersion: "1.1" | "2";
  readonly connectClient: ConnectExchangeClient;
  /** Whose HTTP/2; node:http2 where not given. */
  readonly engine?: H2EngineName;
}

/** A listener with one client of it, which has asked for something. */
export async function askedFor(
  { access, connectClient, engine = "node" }: ExchangeUnderTest,
  wish: RequestWish = {},
  options: Partial<Omit<ListenerOptions, "tls" | "deadlines">> & { deadlines?: Partial<typeof LongDeadlines> } = {},
) {
  const http2 = { ...DefaultH2, engine };
  const listening = await listenFor(access, {
    http2,
    ...options,
    deadlines: { ...LongDeadlines, ...options.deadlines },
  });
  const client = await connectClient(listening);
  client.ask(wish);
  const exchange = await listening.nextExchange();
  const gone: string[] = [];
  exchange.onGone = (reason) => {
    gone.push(reason);
    listening.changed();
  };
  const ended = () => listening.until("the end of the answer", () => client.answer.end !== undefined);
  return { listening, client, answer: client.answer, exchange, gone, ended };
}

/** Another client of `listening` is served as if nothing were. */
export async function expectNeighbourServed(
  { connectClient }: ExchangeUnderTest,
  listening: ListenerUnderTest,
): Promise<void> {
  const nth = listening.exchanges.length + 1;
  const neighbour = await connectClient(listening);
  neighbour.ask({ path: "/neighbour" });
  (await listening.nextExchange(nth)).respond({ status: 200, fields: [], body: "served" });
  await listening.until("the neighbour's answer", () => neighbour.answer.end !== undefined);
  if (contentOf(neighbour.answer).toString() !== "served") throw new Error("the neighbour was not served");
}
