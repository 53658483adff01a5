import { once } from "node:events";
import { connect as connectH2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { resetStream } from "../../src/transport/node-h2-reset.ts";
import { upgradeRequest, type ListenerUnderTest } from "./listening.ts";

/** What a client asks for besides a WebSocket. */
export interface OpeningWish {
  readonly path?: string;
  /** Host field or `:authority`; `example.com` unless told. */
  readonly authority?: string;
  /** Further field lines. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** A response as the client got it: names in lower case. */
export interface ClientResponse {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Empty for an answer that opens the WebSocket. */
  readonly body: string;
}

/** The client's side of one opening, over either HTTP version. */
export interface OpeningClient {
  /** Sends the opening, and `early` right behind it. */
  ask(wish?: OpeningWish, early?: Uint8Array): void;
  /** The whole answer, when it has come. */
  response(): Promise<ClientResponse>;
  send(bytes: Uint8Array): void;
  /** What came behind an answer that opened the WebSocket, once it is `count` bytes. */
  received(count: number): Promise<Buffer>;
  /** Takes nothing of what comes behind the answer. */
  readNothing(): void;
  /** Gives the opening up. */
  leave(): void;
}

/** One that ends a WebSocket in its own ways. */
export interface EndingClient extends OpeningClient {
  /** Ends its half: FIN, or END_STREAM. */
  finish(): void;
  /** Resets it: TCP, or RST_STREAM with CANCEL and no END_STREAM before it. */
  reset(): void;
}

/** Where clients connect to. */
export type ReachedByClients = Pick<ListenerUnderTest, "connect" | "origin" | "ca">;

/** Connects a client that has asked for nothing yet. */
export type ConnectOpeningClient = (listening: ReachedByClients) => Promise<OpeningClient>;

/** Collects bytes; `until` waits for a state of them. */
class Collected {
  bytes = Buffer.alloc(0);
  #onChange: (() => void) | undefined;

  add(chunk: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.#onChange?.();
  }

  async until(what: string, holds: (bytes: Buffer) => boolean): Promise<Buffer> {
    if (!holds(this.bytes)) {
      await new Promise<void>((resolve, reject) => {
        const deadline = setTimeout(
          () => reject(new Error(`never came: ${what}, but ${JSON.stringify(this.bytes.toString("latin1"))}`)),
          5_000,
        );
        this.#onChange = () => {
          if (!holds(this.bytes)) return;
          clearTimeout(deadline);
          resolve();
        };
      });
    }
    return this.bytes;
  }
}

/** An Upgrade, written and read by hand. */
export const connectH1Client: ConnectOpeningClient = async (listening) => {
  const socket = await listening.connect();
  onTestFinished(() => void socket.destroy());
  return h1Client(socket);
};

export function h1Client(socket: Socket): EndingClient {
  const collected = new Collected();
  socket.on("data", (chunk: Buffer) => collected.add(chunk));
  const headEnd = () => collected.bytes.indexOf("\r\n\r\n") + 4;
  return {
    ask({ path, authority = "example.com", fields = [] } = {}, early = Buffer.alloc(0)) {
      const head = upgradeRequest(
        path,
        fields.map(([name, value]) => `${name}: ${value}`),
      ).replace("Host: example.com", `Host: ${authority}`);
      socket.write(Buffer.concat([Buffer.from(head, "latin1"), early]));
    },
    async response() {
      await collected.until("a response head", (bytes) => bytes.includes("\r\n\r\n"));
      const [statusLine = "", ...lines] = collected.bytes
        .subarray(0, headEnd() - 4)
        .toString("latin1")
        .split("\r\n");
      const status = Number(statusLine.split(" ")[1]);
      const fields = lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      });
      if (status === 101) return { status, fields, body: "" };
      const end = headEnd() + Number(new Map(fields).get("content-length"));
      const bytes = await collected.until("the body", ({ length }) => length >= end);
      return { status, fields, body: bytes.subarray(headEnd(), end).toString() };
    },
    send: (bytes) => void socket.write(bytes),
    async received(count) {
      const bytes = await collected.until(`${count} bytes`, ({ length }) => length >= headEnd() + count);
      return bytes.subarray(headEnd());
    },
    readNothing: () => void socket.pause(),
    leave: () => void socket.destroy(),
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}

/** A node:http2 session that trusts the listener. */
export async function connectH2Session(listening: ReachedByClients): Promise<ClientHttp2Session> {
  const session = connectH2(listening.origin, listening.ca === undefined ? {} : { ca: listening.ca });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}

/** An Extended CONNECT of node:http2. */
export const connectH2Client: ConnectOpeningClient = async (listening) => h2Client(await connectH2Session(listening));

export function h2Client(session: ClientHttp2Session): EndingClient {
  const collected = new Collected();
  const answer = Promise.withResolvers<{ status: number; fields: [string, string][]; stream: ClientHttp2Stream }>();
  let stream: ClientHttp2Stream;
  return {
    ask({ path = "/chat", authority = "example.com", fields = [] } = {}, early = Buffer.alloc(0)) {
      const lines: string[] = [":method", "CONNECT", ":protocol", "websocket", ":scheme", "http"];
      lines.push(":authority", authority, ":path", path, "sec-websocket-version", "13");
      for (const [name, value] of fields) lines.push(name.toLowerCase(), value);
      stream = session.request(lines, { endStream: false });
      stream.on("error", () => undefined);
      stream.on("data", (chunk: Buffer) => collected.add(chunk));
      stream.on("response", (response, _flags, rawFields?: string[]) => {
        const raw = rawFields ?? [];
        const pairs = raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? ""]] : []));
        const status = Number(response[":status"]);
        answer.resolve({ status, fields: pairs.filter(([name]) => !name.startsWith(":")), stream });
      });
      if (early.length > 0) stream.write(early);
    },
    async response() {
      const { status, fields } = await answer.promise;
      if (status === 200) return { status, fields, body: "" };
      const length = Number(new Map(fields).get("content-length"));
      const bytes = await collected.until("the body", (body) => body.length >= length);
      return { status, fields, body: bytes.toString() };
    },
    send: (bytes) => void stream.write(bytes),
    received: (count) => collected.until(`${count} bytes`, ({ length }) => length >= count),
    readNothing: () => void stream.pause(),
    leave: () => stream.close(8),
    finish: () => void stream.end(),
    reset: () => resetStream(stream, 8),
  };
}
