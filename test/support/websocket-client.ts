import { encodeFrame, tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { closeFrame, parseClosePayload, textFrame, type Frame } from "../../src/protocol/frame/frame.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import type { ClientResponse, OpeningClient, OpeningWish } from "./opening-client.ts";

const MaskKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** An {@link OpeningClient} whose WebSocket is open: it sends frames, and reads them one by one. */
export class WebSocketClient {
  readonly #client: OpeningClient;
  readonly response: ClientResponse;
  #readBytes = 0;

  private constructor(client: OpeningClient, response: ClientResponse) {
    this.#client = client;
    this.response = response;
  }

  /** Asks, and expects a yes. `early` is sent right behind the request. */
  static async open(client: OpeningClient, wish?: OpeningWish, early?: Uint8Array): Promise<WebSocketClient> {
    client.ask(wish, early);
    const response = await client.response();
    if (response.status !== 101 && response.status !== 200) throw new Error(`refused with ${response.status}`);
    return new WebSocketClient(client, response);
  }

  send(frame: Frame): void {
    this.#client.send(encodeFrame(frame, { maskKey: MaskKey }));
  }

  text(text: string): void {
    this.send(textFrame(text));
  }

  close(code: number, reason = ""): void {
    this.send(closeFrame(code, reason));
  }

  /** Bytes as they are: a frame without a mask, say. */
  sendRaw(bytes: Uint8Array): void {
    this.#client.send(bytes);
  }

  /** From now on it is a client that is slow to read. */
  readNothing(): void {
    this.#client.readNothing();
  }

  leave(): void {
    this.#client.leave();
  }

  /** The next frame, as one readable line: `Text hello`, `Close 1000 bye`. */
  async next(): Promise<string> {
    let wanted = 2;
    for (;;) {
      const bytes = (await this.#client.received(this.#readBytes + wanted)).subarray(this.#readBytes);
      const found = tryDecodeFrame(bytes);
      wanted = bytes.length + 1;
      if (found === undefined) continue;
      this.#readBytes += found.length;
      return described(found.frame);
    }
  }
}

function described({ opcode, payload }: Frame): string {
  const name = Object.entries(Opcode).find(([, value]) => value === opcode)?.[0] ?? "?";
  if (opcode !== Opcode.Close) return `${name} ${new TextDecoder().decode(payload)}`.trim();
  const { code, reason } = parseClosePayload(payload);
  return `${name} ${code} ${reason}`.trim();
}

/** The bytes of a text message of a client's. */
export function textBytes(text: string): Uint8Array {
  return encodeFrame(textFrame(text), { maskKey: MaskKey });
}
