import type { Frame } from "../frame/frame.ts";

/** Parameters of an extension in wire order, quotes gone; a flag has `undefined` for a value (RFC 6455 §9.1). */
export type ExtensionParameters = readonly (readonly [name: string, value: string | undefined])[];

/** What a sender may ask for a single message. */
export interface SendOptions {
  /**
   * `false` leaves the message as it is where it would be compressed. For what is compressed already, and for a secret
   * beside text that somebody else chose: its length would tell of it.
   */
  readonly compress?: boolean | undefined;
  /**
   * `kept`: nobody will write to the bytes of the message again, so they need not be copied, however often they are sent and
   * however long they wait. `call` if not given: the caller may reuse them at once.
   */
  readonly lifetime?: "call" | "kept" | undefined;
}

/**
 * What two endpoints agreed on beside RFC 6455, on one WebSocket (§9). It sees whole messages, each as one frame with `fin`,
 * in the order of the wire, and answers at once: so nothing of the connection has to wait for it, and nothing can overtake.
 */
export interface Extension {
  /** The registered token. */
  readonly name: string;
  /** The RSV bits that are its own, RSV1 as 0b100; 0 for none. */
  readonly rsv: number;
  /** The message as it is sent, with bits of its own set if it is not as it was. The payload it was given stays untouched, and so does one that it returns. */
  encode(message: Frame, options: SendOptions): Frame;
  /**
   * The message as its sender meant it, own bits cleared. It is given all messages; one that has none of its bits set comes
   * out as it is.
   *
   * @param maxBytes - the most payload that may come out.
   * @throws WebSocketError for what the peer did wrong; the WebSocket is failed with its close code.
   */
  decode(message: Frame, maxBytes: number | undefined): Frame;
}

/** An extension and the parameters a server accepts it with. */
export interface AcceptedExtension {
  readonly parameters: ExtensionParameters;
  readonly extension: Extension;
}

/** Agrees on one kind of extension in an opening handshake, in either role; each WebSocket gets an `Extension` of its own. */
export interface ExtensionNegotiator {
  /** The registered token, compared with case. */
  readonly name: string;
  /** Whether a client does without the WebSocket if the server does without the extension (close code 1010). */
  readonly required?: boolean | undefined;
  /** What a client offers, the best first. */
  offers(): readonly ExtensionParameters[];
  /** A server's answer to `offers`, all a client has made under this name, best first; `undefined` declines each. */
  accept(offers: readonly ExtensionParameters[]): AcceptedExtension | undefined;
  /** What a client makes of the server's answer; `undefined` for one that fits none of its offers. */
  confirm(answer: ExtensionParameters): Extension | undefined;
}

/** The extensions of one WebSocket in the order agreed on, `foo, bar` being bar(foo(message)) (RFC 6455 §9.1). */
export class ExtensionPipeline {
  readonly #extensions: readonly Extension[];
  /** The RSV bits that the first frame of a message may have set. */
  readonly rsv: number;

  /** @throws TypeError where two extensions own the same RSV bit. */
  constructor(extensions: readonly Extension[]) {
    if (hasRsvClash(extensions))
      throw new TypeError(`extensions: two of ${extensions.map(({ name }) => name).join(", ")} own the same RSV bit`);
    this.#extensions = extensions;
    this.rsv = extensions.reduce((bits, { rsv }) => bits | rsv, 0);
  }

  /** Whether there are none, and messages stay as they are. */
  get isEmpty(): boolean {
    return this.#extensions.length === 0;
  }

  /** What goes out for `message`. */
  encode(message: Frame, options: SendOptions): Frame {
    if (this.isEmpty) return message;
    return this.#extensions.reduce((frame, extension) => extension.encode(frame, options), message);
  }

  /**
   * What came in as `message`.
   *
   * @param maxBytes - the most payload that may come out of any extension.
   * @throws WebSocketError as the extensions do.
   */
  decode(message: Frame, maxBytes: number | undefined): Frame {
    if (this.isEmpty) return message;
    return this.#extensions.reduceRight((frame, extension) => extension.decode(frame, maxBytes), message);
  }
}

/** Says whether an RSV bit has two owners among `extensions`: then they cannot be used together (RFC 6455 §9.1). */
export function hasRsvClash(extensions: readonly Pick<Extension, "rsv">[]): boolean {
  let owned = 0;
  return extensions.some(({ rsv }) => {
    const isTaken = (owned & rsv) !== 0;
    owned |= rsv;
    return isTaken;
  });
}
