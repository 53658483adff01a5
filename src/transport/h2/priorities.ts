import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { ErrorCode, H2ConnectionError } from "./h2-codes.ts";
import type { H2Stream } from "./h2-stream.ts";
import { readUint31 } from "./header-blocks.ts";
import { placeFor, placeOf, turnsAt } from "./priority.ts";

/** Where streams have their place. */
export interface PlacedStreams {
  get(streamId: number): H2Stream | undefined;
  place(stream: H2Stream, place: number): void;
}

/** How urgent a client says that its streams are: by the `priority` field, and by PRIORITY_UPDATE (RFC 9218 §7.1). */
export class Priorities {
  readonly #streams: PlacedStreams;
  readonly #maxEarly: number;
  /** The places of streams that are not open yet. */
  readonly #early = new Map<number, number>();

  /** @param maxEarly - for how many streams that are not open yet something may be said. */
  constructor(streams: PlacedStreams, maxEarly: number) {
    this.#streams = streams;
    this.#maxEarly = maxEarly;
  }

  /** `stream` was opened with `fields`; what was said of it before is newer. */
  begin(stream: H2Stream, fields: FieldLines): void {
    const place = this.#early.get(stream.id) ?? placeOf(fields);
    if (this.#early.size > 0) this.#early.delete(stream.id);
    this.#place(stream, place);
  }

  /**
   * The payload of PRIORITY_UPDATE came.
   *
   * @param lastStreamId - the highest stream that was opened.
   * @throws H2ConnectionError for a stream that no client opens.
   */
  update(payload: Uint8Array, lastStreamId: number): void {
    const streamId = readUint31(payload, 0);
    if (streamId % 2 === 0) throw new H2ConnectionError(ErrorCode.ProtocolError, "the priority of no stream");
    const value = Buffer.from(payload.subarray(4)).toString("latin1");
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#place(stream, placeFor(value));
    else if (streamId > lastStreamId) this.#keep(streamId, placeFor(value));
  }

  #place(stream: H2Stream, place: number): void {
    // Of a WebSocket each part is of use.
    this.#streams.place(stream, stream.isTunnel ? turnsAt(place) : place);
  }

  #keep(streamId: number, place: number): void {
    if (this.#early.has(streamId) || this.#early.size < this.#maxEarly) this.#early.set(streamId, place);
  }
}
