/** The bytes of `number` in `length` bytes, most significant first. */
function uint(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(number, 0, length);
  return bytes;
}

/** `bytes` behind their length in `lengthBytes` bytes. */
export function vector(lengthBytes: number, ...bytes: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(bytes);
  return Buffer.concat([uint(content.length, lengthBytes), content]);
}

/** An extension of a ClientHello. */
export function extension(type: number, ...content: readonly Uint8Array[]): Buffer {
  return Buffer.concat([uint(type, 2), vector(2, ...content)]);
}

/** The server_name extension with one host name (RFC 6066 §3). */
export function serverNameExtension(name: string): Buffer {
  return extension(0, vector(2, uint(0, 1), vector(2, Buffer.from(name, "latin1"))));
}

/** A ClientHello message (RFC 8446 §4.1.2) with `extensions`; none at all where that is `undefined`. */
export function clientHello(extensions: readonly Uint8Array[] | undefined): Buffer {
  return Buffer.concat([
    uint(1, 1),
    vector(
      3,
      uint(0x0303, 2),
      Buffer.alloc(32, 0xaa),
      vector(1, Buffer.alloc(32, 0xbb)),
      vector(2, uint(0x1301, 2), uint(0xc02b, 2)),
      vector(1, uint(0, 1)),
      ...(extensions === undefined ? [] : [vector(2, ...extensions)]),
    ),
  ]);
}

/** `message` in handshake records of at most `size` bytes each (RFC 8446 §5.1). */
export function handshakeRecords(message: Uint8Array, size = 16_384): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(uint(22, 1), uint(0x0301, 2), vector(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(records);
}
