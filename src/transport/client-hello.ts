/** So long is no ClientHello of a client that wants to be served: with the key shares of today it has 2 KiB. */
const MaxMessageBytes = 16_384;
/** Room for a ClientHello in many small records. */
const MaxBytes = 32_768;
/** RFC 8446 §5.1; what is not encrypted is not longer. */
const MaxFragmentBytes = 16_384;
const RecordHeaderBytes = 5;
const MessageHeaderBytes = 4;
const HandshakeRecord = 22;
const ClientHelloMessage = 1;
const ServerNameExtension = 0;
const HostName = 0;
const Printable = /^[\x21-\x7e]+$/;

/** What is read of a ClientHello. */
export interface ClientHello {
  /** The server name it asks for, as sent; `undefined` where it has none, and where the bytes are no ClientHello we read. */
  readonly serverName: string | undefined;
}

/**
 * What the first `bytes` of a TLS connection ask for (RFC 8446 §4.1.2, RFC 6066 §3), or `undefined` while the ClientHello is
 * not complete. What is no ClientHello, or longer than 16 KiB, is known at once to have no server name: whoever does the
 * handshake has the last word about it.
 */
export function tryReadClientHello(bytes: Uint8Array): ClientHello | undefined {
  const message = tryFirstMessage(bytes);
  if (message === undefined) return bytes.length < MaxBytes ? undefined : { serverName: undefined };
  return { serverName: message === "other" ? undefined : tryServerName(new Vector(message)) };
}

/** The body of the ClientHello that `bytes` begin with; `"other"`: they begin otherwise; `undefined`: it is not whole yet. */
function tryFirstMessage(bytes: Uint8Array): Uint8Array | "other" | undefined {
  const fragments: Uint8Array[] = [];
  let found = 0;
  let end: number | undefined;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HandshakeRecord) return "other";
    if (at + RecordHeaderBytes > bytes.length) return undefined;
    const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
    if (bytes[at + 1] !== 3 || length === 0 || length > MaxFragmentBytes) return "other";
    at += RecordHeaderBytes;
    const fragment = bytes.subarray(at, at + length);
    at += length;
    fragments.push(fragment);
    found += fragment.length;
    if (found < MessageHeaderBytes) continue;
    end ??= tryMessageEnd(Buffer.concat(fragments, MessageHeaderBytes));
    if (end === undefined) return "other";
    if (found >= end) return Buffer.concat(fragments, end).subarray(MessageHeaderBytes);
  }
  return undefined;
}

/** Where the message with this `header` ends, or `undefined` if it is no ClientHello we read. */
function tryMessageEnd(header: Buffer): number | undefined {
  const end = MessageHeaderBytes + header.readUIntBE(1, 3);
  return header[0] === ClientHelloMessage && end <= MaxMessageBytes ? end : undefined;
}

function tryServerName(body: Vector): string | undefined {
  body.take(2 + 32); // version and random
  body.vector(1); // session
  body.vector(2); // ciphers
  body.vector(1); // compressions
  const extensions = body.vector(2);
  while (extensions.hasMore) {
    const type = extensions.number(2);
    const extension = extensions.vector(2);
    if (type === ServerNameExtension) return tryHostName(extension.vector(2));
  }
  return undefined;
}

function tryHostName(list: Vector): string | undefined {
  if (list.number(1) !== HostName) return undefined;
  const name = Buffer.from(list.vector(2).rest).toString("latin1");
  return Printable.test(name) ? name : undefined;
}

/** Bytes read from front to back; what is beyond their end reads as nothing. */
class Vector {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get rest(): Uint8Array {
    return this.#rest;
  }

  get hasMore(): boolean {
    return this.#rest.length > 0;
  }

  take(length: number): Uint8Array {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  /** -1 where too few bytes are left. */
  number(length: number): number {
    const bytes = this.take(length);
    return bytes.length < length ? -1 : bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** What a length of `lengthBytes` bytes stands before; nothing if that is more than there is. */
  vector(lengthBytes: number): Vector {
    const length = this.number(lengthBytes);
    if (length < 0 || length > this.#rest.length) {
      this.#rest = this.#rest.subarray(this.#rest.length);
      return new Vector(this.#rest);
    }
    return new Vector(this.take(length));
  }
}
