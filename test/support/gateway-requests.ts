import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { vi } from "vitest";
import { connectH1Exchange, connectH2Exchange, type ExchangeClient, type RequestWish } from "./exchange-client.ts";

export const HttpVersions = ["1.1", "2"] as const;
export type HttpVersion = (typeof HttpVersions)[number];

const PartBytes = 65_536;

/** Connects to the cleartext `port` a client for one ordinary request. */
export function requestClient(port: number, httpVersion: HttpVersion): Promise<ExchangeClient> {
  const connectTo = async (): Promise<Socket> => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  const gateway = { connect: connectTo, origin: `http://127.0.0.1:${port}`, ca: undefined };
  return httpVersion === "2" ? connectH2Exchange(gateway) : connectH1Exchange(gateway);
}

/** Asks for `wish` over a connection of its own, sends `content`, and reads the answer to its end. */
export async function requestOnce(
  port: number,
  httpVersion: HttpVersion,
  wish: RequestWish = {},
  content?: Uint8Array,
): Promise<ExchangeClient["answer"]> {
  const client = await requestClient(port, httpVersion);
  client.ask({ ...wish, hasContent: content !== undefined });
  if (content !== undefined) {
    // One large write would be more than node:http2 lets a session hold.
    for (let at = 0; at < content.length; at += PartBytes) client.send(content.subarray(at, at + PartBytes));
    client.end();
  }
  await answered(client);
  client.leave();
  return client.answer;
}

/** Waits for the end of the answer. */
export async function answered({ answer }: ExchangeClient): Promise<void> {
  await vi.waitFor(
    () => {
      if (answer.end === undefined) throw new Error(`no end of the answer ${answer.status}`);
    },
    { timeout: 5_000, interval: 2 },
  );
}

/** What has come of an answer's content. */
export function contentOf({ parts }: ExchangeClient["answer"]): Buffer {
  return Buffer.concat(parts);
}
