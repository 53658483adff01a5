import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { switching } from "./dialing.ts";
import { h2Origin } from "./h2-origin.ts";
import { scriptedUpstream } from "./scripted-upstream.ts";

/** The HTTP versions of a client, as its options name them and as it says them. */
export const ClientVersions = [
  { protocol: "h1", httpVersion: "1.1" },
  { protocol: "h2", httpVersion: "2" },
] as const;
export type ClientVersion = (typeof ClientVersions)[number];

/** What a server answers to an opening. */
export interface ServerAnswer {
  /** Absent: the one that accepts. */
  readonly status?: number;
  /** Name, value, name, value … */
  readonly fields?: readonly string[];
  readonly body?: string;
  /** The body goes on behind that, and never ends. */
  readonly goesOn?: boolean;
  /** Interim responses before it, with these fields each. */
  readonly interim?: readonly (readonly string[])[];
}

/** An opening as a server has it. */
export interface AskedOpening {
  readonly path: string;
  /** By name in lower case, without pseudo-fields; the last one of a name. */
  readonly fields: Readonly<Record<string, string>>;
  /** What the client has sent behind it. */
  received(): Buffer;
}

/** A server of either HTTP version that answers as a test says. */
export interface AnsweringServer {
  /** `ws://127.0.0.1:PORT`, without TLS. */
  readonly url: string;
  readonly asked: readonly AskedOpening[];
  /** Resolves when an opening has come beyond `count`. */
  hasAsked(count: number): Promise<void>;
  /** Resolves when no opening of it is open any more: no connection over HTTP/1.1, no stream over HTTP/2. */
  allClosed(): Promise<void>;
}

/** Starts one, until the test is over. `undefined` as an answer: none, ever; `"leave"`: the connection or stream ends instead. */
export async function answeringServer(
  { protocol }: Pick<ClientVersion, "protocol">,
  answer: (asked: AskedOpening) => ServerAnswer | "leave" | undefined,
): Promise<AnsweringServer> {
  const asked: AskedOpening[] = [];
  const waiting = new Set<() => void>();
  const take = (opening: AskedOpening): ServerAnswer | "leave" | undefined => {
    asked.push(opening);
    for (const resolve of waiting) resolve();
    return answer(opening);
  };
  const hasAsked = async (count: number): Promise<void> => {
    while (asked.length <= count) await new Promise<void>((resolve) => waiting.add(resolve));
  };
  if (protocol === "h1") {
    const upstream = await scriptedUpstream((socket, head) => answerH1(socket, head, take(h1Opening(socket, head))));
    const { port } = upstream.address.transport as { port: number };
    return { url: `ws://127.0.0.1:${port}`, asked, hasAsked, allClosed: () => upstream.allClosed() };
  }
  const origin = await h2Origin({
    onStream: (stream, rawFields) => answerH2(stream, take(h2Opening(stream, rawFields))),
  });
  const allClosed = (): Promise<void> => origin.until(() => origin.streams.every(({ destroyed }) => destroyed));
  return { url: `ws://127.0.0.1:${origin.port}`, asked, hasAsked, allClosed };
}

function h1Opening(socket: Socket, head: string): AskedOpening {
  const [line = "", ...lines] = head.trimEnd().split("\r\n");
  const fields = lines.map((one) => /^([^:]*): (.*)$/.exec(one) ?? []);
  const named = fields.map(([, name = "", value = ""]) => [name.toLowerCase(), value] as const);
  return { path: line.split(" ")[1] ?? "", fields: Object.fromEntries(named), received: receivedOn(socket) };
}

function h2Opening(stream: ServerHttp2Stream, rawFields: readonly string[]): AskedOpening {
  const pairs = rawFields.flatMap((name, at) => (at % 2 === 0 ? [[name, rawFields[at + 1] ?? ""] as const] : []));
  const { ":path": path = "", ...all } = Object.fromEntries(pairs);
  const fields = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith(":")));
  return { path, fields, received: receivedOn(stream) };
}

function receivedOn(stream: Socket | ServerHttp2Stream): () => Buffer {
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => void parts.push(part));
  return () => Buffer.concat(parts);
}

function answerH1(socket: Socket, head: string, answer: ServerAnswer | "leave" | undefined): void {
  if (answer === "leave") socket.end();
  if (answer === undefined || answer === "leave") return;
  const { status, fields = [], body = "", goesOn = false, interim = [] } = answer;
  const linesOf = (list: readonly string[]): string[] =>
    list.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${list[at + 1]}`] : []));
  const text = interim.map((list) => ["HTTP/1.1 103 Early Hints", ...linesOf(list), "", ""].join("\r\n")).join("");
  const length = `Content-Length: ${Buffer.byteLength(body) + (goesOn ? 1 : 0)}`;
  const final =
    status === undefined
      ? switching(head, ...linesOf(fields))
      : [`HTTP/1.1 ${status} x`, length, ...linesOf(fields), "", body].join("\r\n");
  socket.write(text + final, "latin1");
}

function answerH2(stream: ServerHttp2Stream, answer: ServerAnswer | "leave" | undefined): void {
  if (answer === "leave") stream.close(2);
  if (answer === undefined || answer === "leave") return;
  const { status, fields = [], body = "", goesOn = false, interim = [] } = answer;
  for (const list of interim) stream.additionalHeaders({ ":status": 103, ...objectOf(list) });
  stream.respond([":status", String(status ?? 200), ...fields]);
  if (status === undefined) return;
  stream.write(body);
  if (!goesOn) stream.end();
}

function objectOf(list: readonly string[]): Record<string, string> {
  const pairs = list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ""] as const] : []));
  return Object.fromEntries(pairs);
}
