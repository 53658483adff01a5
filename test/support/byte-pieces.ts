import { deflateRawSync, constants } from "node:zlib";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { hex } from "./bits.ts";
import { clientHello, extension, handshakeRecords, serverNameExtension } from "./client-hello.ts";

const Key = hex("37 fa 21 3d");

/** `text` as bytes, a character each. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `text` deflated as RFC 7692 §7.2.1 has it. */
function deflated(text: string): Uint8Array {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, windowBits: 9 });
  return new Uint8Array(bytes.subarray(0, -4));
}

const Payloads: readonly (readonly [opcode: Opcode, payload: Uint8Array, rsv?: number])[] = [
  [Opcode.Text, utf8("Hello")],
  [Opcode.Text, utf8("κόσμε €𝄞")],
  [Opcode.Text, hex("61 e2 82")],
  [Opcode.Text, hex("ff")],
  [Opcode.Text, utf8("t".repeat(150))],
  [Opcode.Continuation, hex("")],
  [Opcode.Continuation, hex("ac 62")],
  [Opcode.Continuation, utf8("c".repeat(190))],
  [Opcode.Binary, hex("00 ff")],
  [Opcode.Binary, new Uint8Array(200)],
  [Opcode.Ping, utf8("there?")],
  [Opcode.Pong, hex("")],
  [Opcode.Close, hex("")],
  [Opcode.Close, hex("03")],
  [Opcode.Close, hex("03 e8 62 79 65")],
  [Opcode.Close, hex("03 ee")],
  [Opcode.Close, hex("0f a0 ff")],
  [Opcode.Text, deflated("Hello Hello Hello"), 0b100],
  [Opcode.Text, deflated("€".repeat(150)), 0b100],
  [Opcode.Binary, deflated("a".repeat(100_000)), 0b100],
  [Opcode.Binary, hex("00"), 0b100],
  [Opcode.Binary, hex("02 ff"), 0b100],
];

/** Frames and fragments of a sender, allowed and not, and headers that break rules. */
export function framePieces(sender: "client" | "server"): readonly Uint8Array[] {
  const maskKey = sender === "client" ? Key : undefined;
  const frames = Payloads.flatMap(([opcode, payload, rsv = 0]) => {
    const whole = encodeFrame({ fin: true, rsv, opcode, payload }, { maskKey });
    return opcode < Opcode.Close ? [whole, encodeFrame({ fin: false, rsv, opcode, payload }, { maskKey })] : [whole];
  });
  const broken = ["81 01 61", "82 fe 0001 00000000", "82 7f 0000000000000001", "83 80 00000000", "09 80 00000000"];
  return [
    ...frames,
    ...[...broken, "89 fe 007e 00000000", "82 ff ffffffffffffffff 00000000", "f1 80 00000000"].map(hex),
  ];
}

/** What responses are made of, and what they must not have. */
export const ResponsePieces: readonly Uint8Array[] = [
  ...["HTTP/1.1 101 Switching Protocols\r\n", "HTTP/1.1 404 Not Found\r\n", "HTTP/1.0 200 OK\r\n", "\r\n"],
  ...["HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "\n", "\r"],
  ...["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Sec-WebSocket-Protocol: chat\r\n", " ", ":", "\0"],
  ...["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n", `X: ${"y".repeat(1_000)}\r\n`],
  ...["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "hello", "5\r\nhello\r\n", "0\r\n\r\n", " folded\r\n"],
].map(latin1);

/** What the chunked coding is made of, and what it must not have. */
export const ChunkedPieces: readonly Uint8Array[] = [
  ...[
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "a;name=value\r\n0123456789\r\n",
    "0\r\nTrailer: value\r\n\r\n",
    "\r\n",
    "\n",
    "1\r",
  ],
  ...["fffffff\r\n", "100000000\r\n", "0x5\r\n", " 5\r\n", "5 ;\r\n", "hello", `0\r\n${"T: v\r\n".repeat(300)}`],
].map(latin1);

const V2 = "0d0a0d0a000d0a515549540a";

/** PROXY headers of both versions, and their parts. */
export const ProxyPieces: readonly Uint8Array[] = [
  latin1("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"),
  latin1("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"),
  latin1("PROXY UNKNOWN\r\n"),
  latin1("PROXY "),
  latin1("TCP4 192.0.2.1 01.2.3.4 56324 443\r\n"),
  hex(`${V2} 21 11 000c c0000201 c6336401 dc04 01bb`),
  hex(`${V2} 21 21 0024 ${"00".repeat(36)}`),
  hex(`${V2} 20 00 0000`),
  hex(`${V2} 21 11 0010 c0000201 c6336401 dc04 01bb 04000100`),
  hex(`${V2} 21 31 00d8 ${"2f".repeat(216)}`),
  hex(V2),
  latin1("GET / HTTP/1.1\r\n"),
];

/** ClientHellos whole and in several records. */
export const ClientHelloPieces: readonly Uint8Array[] = [
  handshakeRecords(clientHello([serverNameExtension("example.com")])),
  handshakeRecords(clientHello([extension(16, latin1("x")), serverNameExtension("a.example")]), 40),
  handshakeRecords(clientHello(undefined)),
  handshakeRecords(clientHello([]), 3),
  handshakeRecords(clientHello([serverNameExtension("bad\nname")])),
  hex("16 03 01 00 05"),
  hex("15 03 01 00 02 02 28"),
].map((bytes) => new Uint8Array(bytes));

/** Parts of the HTTP/2 preface, and of what is none. */
export const PrefacePieces: readonly Uint8Array[] = [
  ...["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP", "/2.0\r\n\r\n", "SM\r\n\r\n", "GET / HTTP/1.1\r\n", "P"],
].map(latin1);

/** Characters of one to four bytes, and bytes that are none. */
export const TextPieces: readonly Uint8Array[] = [
  ...["a", "é", "€", "𝄞", "\ufeff", "\0"].map(utf8),
  ...["80", "c3", "e2 82", "f0 9d", "c0 80", "ed a0 80", "f4 90", "ff", "e0 80"].map(hex),
];
