import { once } from "node:events";
import { request, type ClientRequest } from "node:http";
import { connect as connectH2, type ClientHttp2Stream } from "node:http2";
import { onTestFinished } from "vitest";
import type { ListenerUnderTest } from "./listening.ts";

/** What a client asks for. */
export interface RequestWish {
  readonly method?: string;
  readonly path?: string;
  readonly fields?: readonly (readonly [name: string, value: string])[];
  /** Its content follows with `send` and `end`. */
  readonly hasContent?: boolean;
}

/** What has come of an answer so far. */
export interface AnswerSoFar {
  readonly interim: { status: number; fields: Record<string, unknown> }[];
  status: number | undefined;
  fields: Record<string, unknown>;
  readonly parts: Buffer[];
  trailers: Record<string, unknown>;
  /** `cut`: the client can tell that something is missing. */
  end: "whole" | "cut" | undefined;
  /** Of RST_STREAM; -1 on HTTP/1.1. */
  resetCode: number;
}

/** A client of one connection, over either HTTP version, and its one request. */
export interface ExchangeClient {
  readonly answer: AnswerSoFar;
  ask(wish?: RequestWish): void;
  /** Returns whether to go on. */
  send(bytes: Uint8Array): boolean;
  end(): void;
  /** Bytes of content that have not left the client. */
  readonly unsentBytes: number;
  /** Reads nothing of the answer's content until it is told to. */
  pause(): void;
  resume(): void;
  leave(): void;
}

/** Connects a client that has asked for nothing yet. */
export type ConnectExchangeClient = (
  listening: Pick<ListenerUnderTest, "connect" | "origin" | "ca">,
) => Promise<ExchangeClient>;

/** The content that has come. */
export function contentOf(answer: AnswerSoFar): Buffer {
  return Buffer.concat(answer.parts);
}

function noAnswer(): AnswerSoFar {
  return {
    interim: [],
    status: undefined,
    fields: {},
    parts: [],
    trailers: {},
    end: undefined,
    resetCode: -1,
  };
}

/** A client of node:http. */
export const connectH1Exchange: ConnectExchangeClient = async (listening) => {
  const socket = await listening.connect();
  onTestFinished(() => void socket.destroy());
  const answer = noAnswer();
  let asked: ClientRequest;
  let paused = false;
  let resume = (): void => undefined;
  return {
    answer,
    ask({ method = "GET", path = "/", fields = [], hasContent = false } = {}) {
      const headers = ["host", "example.com", ...fields.flat()];
      if (hasContent && !fields.some(([name]) => name === "content-length"))
        headers.push("transfer-encoding", "chunked");
      asked = request({ method, path, headers, createConnection: () => socket });
      asked.on("error", () => (answer.end ??= "cut"));
      asked.on("continue", () => answer.interim.push({ status: 100, fields: {} }));
      asked.on("information", ({ statusCode, headers }) => {
        if (statusCode !== 100) answer.interim.push({ status: statusCode, fields: headers });
      });
      asked.on("response", (response) => {
        answer.status = response.statusCode;
        answer.fields = response.headers;
        resume = () => response.on("data", (part: Buffer) => answer.parts.push(part));
        if (!paused) resume();
        response.on("error", () => (answer.end ??= "cut"));
        response.on("end", () => {
          answer.trailers = response.trailers;
          answer.end ??= response.complete ? "whole" : "cut";
        });
      });
      if (hasContent) asked.flushHeaders();
      else asked.end();
    },
    send: (bytes) => asked.write(bytes),
    end: () => void asked.end(),
    get unsentBytes() {
      return asked.writableLength;
    },
    pause: () => {
      paused = true;
    },
    resume: () => resume(),
    leave: () => void socket.destroy(),
  };
};

/** A client of node:http2. */
export const connectH2Exchange: ConnectExchangeClient = async (listening) => {
  // What it has to send it keeps in memory of its own.
  const own = { maxSessionMemory: 1_000 };
  const session = connectH2(listening.origin, listening.ca === undefined ? own : { ...own, ca: listening.ca });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const answer = noAnswer();
  let stream: ClientHttp2Stream;
  let unsentAtReset = 0;
  let paused = false;
  let resume = (): void => undefined;
  return {
    answer,
    ask({ method = "GET", path = "/", fields = [], hasContent = false } = {}) {
      const lines = [
        ":method",
        method,
        ":scheme",
        "http",
        ":authority",
        "example.com",
        ":path",
        path,
        ...fields.flat(),
      ];
      stream = session.request(lines, { endStream: !hasContent });
      stream.on("error", () => undefined);
      stream.on("headers", (fields) => answer.interim.push({ status: Number(fields[":status"]), fields }));
      stream.on("response", (fields) => {
        answer.status = Number(fields[":status"]);
        answer.fields = fields;
      });
      stream.on("aborted", () => (unsentAtReset = stream.writableLength));
      stream.on("trailers", (fields) => (answer.trailers = fields));
      resume = () => stream.on("data", (part: Buffer) => answer.parts.push(part));
      if (!paused) resume();
      stream.on("end", () => {
        if (stream.rstCode === 0) answer.end ??= "whole";
      });
      stream.on("close", () => {
        answer.resetCode = stream.rstCode;
        answer.end ??= stream.rstCode === 0 && answer.status !== undefined ? "whole" : "cut";
      });
    },
    send: (bytes) => stream.write(bytes),
    end: () => void stream.end(),
    get unsentBytes() {
      return Math.max(unsentAtReset, stream.writableLength);
    },
    pause: () => {
      paused = true;
    },
    resume: () => resume(),
    leave() {
      // Holds back the END_STREAM that node:http2 would send before the reset.
      if (!stream.writableEnded) stream.write(Buffer.alloc(0));
      stream.close(8);
    },
  };
};
