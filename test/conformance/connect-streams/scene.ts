import type { ByteStream } from "../../../src/transport/byte-stream.ts";
import { ConnectionGate } from "../../../src/transport/connection-gate.ts";
import type { H2EngineName, H2Options } from "../../../src/transport/h2-acceptor.ts";
import { AmpleLimits, DefaultH2, ListenerUnderTest } from "../../support/listening.ts";
import { connectFields, Flag, FrameType, headersFrame, RawH2Client, rawFrame } from "../../support/raw-h2.ts";
import { NearObserver } from "../../support/stream-observers.ts";

/** The stream on which rules are broken. */
export const Subject = 1;
/** Another one of the same connection. */
export const Neighbour = 3;
/** The next that the client may open. */
export const NextStream = 5;

/** How a client's end of an echo sees it: what it sends comes back. */
export class EchoedStream {
  readonly client: RawH2Client;
  readonly #streamId: number;
  #sent = "";

  constructor(client: RawH2Client, streamId: number) {
    this.client = client;
    this.#streamId = streamId;
  }

  /** Everything that has come on it. */
  get received(): string {
    return receivedBytes(this.client, this.#streamId).toString();
  }

  /** Whether all that was sent has come back. */
  get isBack(): boolean {
    return this.received === this.#sent;
  }

  send(text: string): void {
    this.#sent += text;
    this.client.send(rawFrame(FrameType.Data, Flag.None, this.#streamId, Buffer.from(text)));
  }

  /** @throws Error where it does not come back. */
  async roundTrip(): Promise<void> {
    this.send(`${this.#sent.length};`);
    await this.client.until(`the echo on ${this.#streamId}`, () => this.isBack);
  }
}

/**
 * A listener, and three WebSockets over Extended CONNECT whose bytes are echoed: the subject, its neighbour on the same
 * connection, and a far one on a connection of its own.
 */
export class Scene {
  readonly listening: ListenerUnderTest;
  readonly client: RawH2Client;
  /** The server's end of the subject, and what it was told. */
  readonly stream: ByteStream;
  readonly near: NearObserver;
  readonly neighbour: EchoedStream;
  readonly far: EchoedStream;

  constructor(listening: ListenerUnderTest, client: RawH2Client, farClient: RawH2Client, served: ServedStream) {
    this.listening = listening;
    this.client = client;
    this.stream = served.stream;
    this.near = served.near;
    this.neighbour = new EchoedStream(client, Neighbour);
    this.far = new EchoedStream(farClient, Subject);
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.far.client.close()]);
    await this.listening.listener.destroy();
  }
}

interface ServedStream {
  readonly stream: ByteStream;
  readonly near: NearObserver;
}

/** What a scene differs in. */
export interface SceneOptions {
  readonly http2?: Partial<H2Options>;
  /** Of the subject's client. */
  readonly settings?: Parameters<RawH2Client["handshake"]>[0];
}

/** Opens the three WebSockets; the caller closes the scene. */
export async function openScene(engine: H2EngineName, { http2, settings }: SceneOptions = {}): Promise<Scene> {
  const options = { http2: { ...DefaultH2, engine, ...http2 } };
  const listening = await new ListenerUnderTest(undefined, options, new ConnectionGate(AmpleLimits)).listen();
  const served: ServedStream[] = [];
  listening.onOpening = (opening) => void served.push(echo(opening.accept({})));
  const client = await listening.connectH2(settings);
  const farClient = await listening.connectH2();
  for (const [one, id] of [
    [client, Subject],
    [client, Neighbour],
    [farClient, Subject],
  ] as const) {
    one.send(headersFrame(id, connectFields()));
    const status = await one.status(id);
    if (status !== 200) throw new Error(`status ${status}`);
  }
  return new Scene(listening, client, farClient, served[0]!);
}

function echo(stream: ByteStream): ServedStream {
  const near = new NearObserver(stream);
  let echoed = 0;
  near.react = () => {
    const bytes = near.received.subarray(echoed);
    echoed += bytes.length;
    stream.write(bytes, 0, bytes.length, "kept");
  };
  stream.start(near);
  return { stream, near };
}

/** The payload of all DATA that came on `streamId`. */
export function receivedBytes(client: RawH2Client, streamId: number): Buffer {
  return Buffer.concat(client.framesOf(FrameType.Data, streamId).map(({ payload }) => payload));
}
