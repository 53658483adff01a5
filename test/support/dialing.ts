import { onTestFinished } from "vitest";
import { acceptKey } from "../../src/protocol/handshake/upgrade.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { dial, type DialOptions, type DialRequest, type DialResult } from "../../src/transport/dialer.ts";
import { trySecure, type UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { NearObserver } from "./stream-observers.ts";

/** What the tests ask for, unless they say otherwise. */
export const dialRequest: DialRequest = {
  authority: "backend.example:81",
  path: "/chat?room=1",
  subprotocols: ["chat", "superchat"],
  extensions: "permessage-deflate; client_max_window_bits",
  fields: ["origin", "https://a.example", "cookie", "c=1", "connection", "x-hop", "x-hop", "1", "content-length", "5"],
};

/** Dials with deadlines that no test meets unless it brings its own. */
export function dialUpstream(address: UpstreamAddress, options: Partial<DialOptions> = {}): Promise<DialResult> {
  const { signal } = new AbortController();
  const target = { address, secure: trySecure(address), sourceAddress: undefined };
  return dial(target, dialRequest, { connectTimeoutMs: 60_000, answerTimeoutMs: 60_000, signal, ...options });
}

/** The 101 to the request with the head `request`, with `lines` behind its own. */
export function switching(request: string, ...lines: string[]): string {
  const accept = acceptKey(/^sec-websocket-key: (.*)$/im.exec(request)?.[1] ?? "");
  const own = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  return ["HTTP/1.1 101 Switching Protocols", ...own, ...lines, "", ""].join("\r\n");
}

/** Starts `stream` and resets it when the test ends. */
export function started(stream: ByteStream): NearObserver {
  const observer = new NearObserver(stream);
  stream.start(observer);
  onTestFinished(() => stream.abort("cancel"));
  return observer;
}

/** The stream of a dial that must be accepted, started. */
export async function accepted(dialed: Promise<DialResult>) {
  const result = await dialed;
  if (result.type !== "accepted") throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return { ...result, observer: started(result.stream) };
}
