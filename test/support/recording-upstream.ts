import type { Socket } from "node:net";
import { createServer } from "node:net";
import { onTestFinished } from "vitest";
import type { AddressConfig } from "../../src/gateway/config/config.ts";
import { listening } from "./proxying.ts";

/** A request as an upstream that believes its bytes sees it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly content: string;
}

/** An upstream that speaks plain TCP and keeps what came. It ends with its test. */
export interface RecordingUpstream {
  readonly address: AddressConfig;
  /** Every request that was whole, in the order they were. */
  readonly requests: readonly SeenRequest[];
  /** What is no request; nothing more is read of its connection. */
  readonly malformed: readonly string[];
  /** Connections so far. */
  readonly connections: number;
}

/** Answers a request. */
export type Answering = (socket: Socket, request: SeenRequest) => void;

const RequestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/;
const FieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/** Listens on loopback and gives each whole request to `answer`. */
export async function recordingUpstream(answer: Answering = answerTarget): Promise<RecordingUpstream> {
  const requests: SeenRequest[] = [];
  const malformed: string[] = [];
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections++;
    let unread = "";
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      unread += chunk.toString("latin1");
      for (let read = tryRequest(unread); read !== undefined; read = tryRequest(unread)) {
        if (read === "malformed") {
          malformed.push(unread);
          unread = "";
          socket.destroy();
          return;
        }
        unread = unread.slice(read.end);
        requests.push(read.request);
        answer(socket, read.request);
      }
    });
  });
  onTestFinished(() => void server.close());
  const address = await listening(server);
  return {
    address,
    requests,
    malformed,
    get connections() {
      return connections;
    },
  };
}

/** Refuses an Upgrade with 403, and answers everything else with what it asked for. */
function answerTarget(socket: Socket, { target, fields }: SeenRequest): void {
  const status = fields.some(([name]) => name === "upgrade") ? "403 Forbidden" : "200 OK";
  socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${target.length}\r\n\r\n${target}`);
}

/** The values of the fields called `name`. */
export function valuesOf({ fields }: SeenRequest, name: string): string[] {
  return fields.filter(([one]) => one === name).map(([, value]) => value);
}

function tryRequest(text: string): { readonly request: SeenRequest; readonly end: number } | "malformed" | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [line = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const [, method, target] = RequestLine.exec(line) ?? [];
  const fields = lines.map((one): [string, string] => {
    const [, name = "", value = ""] = FieldLine.exec(one) ?? [];
    return [name.toLowerCase(), value];
  });
  if (method === undefined || target === undefined || fields.some(([name]) => name === "")) return "malformed";
  const head = { method, target, fields, content: "" };
  const lengths = valuesOf(head, "content-length");
  const codings = valuesOf(head, "transfer-encoding");
  if (valuesOf(head, "host").length !== 1 || lengths.length + codings.length > 1) return "malformed";
  const start = headEnd + 4;
  if (codings.length > 0) return codings[0] === "chunked" ? tryChunked(head, text, start) : "malformed";
  if (lengths.length > 0 && !/^(?:0|[1-9]\d*)$/.test(lengths[0] ?? "")) return "malformed";
  const end = start + Number(lengths[0] ?? 0);
  return text.length < end ? undefined : { request: { ...head, content: text.slice(start, end) }, end };
}

function tryChunked(head: SeenRequest, text: string, start: number): ReturnType<typeof tryRequest> {
  let content = "";
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/.test(line)) return "malformed";
    const bytes = Number.parseInt(line, 16);
    const end = lineEnd + 2 + bytes + 2;
    if (text.length < end) return undefined;
    if (text.slice(end - 2, end) !== "\r\n") return "malformed";
    if (bytes === 0) return { request: { ...head, content }, end };
    content += text.slice(lineEnd + 2, end - 2);
    at = end;
  }
}
