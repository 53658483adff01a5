import type { FrameWatch } from "../../protocol/frame/frame-tap.ts";
import type { TailConfig } from "../config/config.ts";
import type { StreamRecord } from "./stream-registry.ts";

/** What of a live WebSocket changes from one moment to the next and is counted nowhere. */
export interface StreamMoment {
  readonly state: "open" | "closing";
  /** Bytes that the gateway holds for it, by the direction in which they go. */
  readonly bufferedToUpstream: number;
  readonly bufferedToClient: number;
  /** What an HTTP/2 client may still be sent before it grants more; `null` where nobody can tell. */
  readonly sendWindow: number | null;
}

/** Who is told of the frames of both sides. */
export interface StreamWatch {
  readonly toUpstream: FrameWatch;
  readonly toClient: FrameWatch;
}

/** A live WebSocket as whoever serves it shows it to operators. */
export interface SeenStream {
  readonly record: StreamRecord;
  /** Name of the listener it came to. */
  readonly listener: string;
  /** The client's IP address: shown where the config says so, logged never. */
  readonly client: string;
  readonly subprotocol: string | undefined;
  /** `Sec-WebSocket-Extensions` of the answer. */
  readonly extensions: string | undefined;
  readonly moment: StreamMoment;
  /** What may be seen of its payload; `undefined`: nothing. */
  readonly tail: TailConfig | undefined;
  /** Tells of its frames from now on, in place of who was told before; `undefined`: nobody is. */
  watch(watch: StreamWatch | undefined): void;
  /** Begins the closing handshake for an operator; nothing where it is closing. */
  closeAs(code: number): void;
}

/** The live WebSockets of this process by their ids. Who serves one adds it, and deletes it before its record closes. */
export class SeenStreams {
  readonly #byId = new Map<number, SeenStream>();

  get size(): number {
    return this.#byId.size;
  }

  /** In the order they were opened. */
  get all(): Iterable<SeenStream> {
    return this.#byId.values();
  }

  get(id: number): SeenStream | undefined {
    return this.#byId.get(id);
  }

  add(stream: SeenStream): void {
    this.#byId.set(stream.record.id, stream);
  }

  delete({ record }: SeenStream): void {
    this.#byId.delete(record.id);
  }
}
