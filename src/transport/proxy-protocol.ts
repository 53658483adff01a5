import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** Where a client is, as a PROXY header says it. */
export interface ProxiedClient {
  /** IP address in its normal form. */
  readonly address: string;
  readonly port: number;
}

/** What the bytes at the begin of a connection are. What is `broken` or a `header` stays it, whatever comes behind. */
export type ProxyHeaderReading =
  | { readonly type: "incomplete" }
  | { readonly type: "broken" }
  /** `length`: bytes of the header. `client` is `undefined` where the proxy speaks for itself, or does not know. */
  | { readonly type: "header"; readonly length: number; readonly client: ProxiedClient | undefined };

const Incomplete = { type: "incomplete" } as const;
const Broken = { type: "broken" } as const;

const Begin1 = Buffer.from("PROXY ", "latin1");
const Begin2 = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Version 1, line end included. */
const MaxLineBytes = 107;
const FixedBytes = 16;
/** Version 2, TLVs included: certificates of clients are not sent in them, and nothing else is long. */
const MaxHeaderBytes = 2_048;

const Command = { Local: 0x20, Proxy: 0x21 } as const;
const LineFeed = 0x0a;

/**
 * Reads the header of the PROXY protocol, version 1 or 2, with which a connection begins. Strict: one space between the
 * parts of a line, no leading zeros, no datagrams. TLVs are skipped, their checksum with them.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeaderReading {
  if (beginsAs(bytes, Begin1)) return bytes.length < Begin1.length ? Incomplete : readLine(bytes);
  if (beginsAs(bytes, Begin2)) return bytes.length < FixedBytes ? readFixed(bytes) : readBinary(bytes);
  return Broken;
}

/** Whether `bytes` and `begin` are the same as far as both go. */
function beginsAs(bytes: Buffer, begin: Buffer): boolean {
  const length = Math.min(bytes.length, begin.length);
  return bytes.compare(begin, 0, length, 0, length) === 0;
}

function readLine(bytes: Buffer): ProxyHeaderReading {
  const end = bytes.subarray(0, MaxLineBytes).indexOf(LineFeed);
  if (end === -1) return bytes.length < MaxLineBytes ? Incomplete : Broken;
  const line = bytes.toString("latin1", Begin1.length, end + 1);
  const length = end + 1;
  // What stands behind UNKNOWN is to be ignored.
  if (/^UNKNOWN(?: [ -~]*)?\r\n$/.test(line)) return { type: "header", length, client: undefined };
  const parts = /^TCP([46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line);
  if (parts === null) return Broken;
  const [, family, source = "", destination = "", sourcePort = "", destinationPort = ""] = parts;
  const isAddress = family === "4" ? isIPv4 : isPlainIPv6;
  if (!isAddress(source) || !isAddress(destination)) return Broken;
  if (!isPort(sourcePort) || !isPort(destinationPort)) return Broken;
  const address = family === "4" ? source : normalIPv6(source);
  return { type: "header", length, client: { address, port: Number(sourcePort) } };
}

function isPort(text: string): boolean {
  return String(Number(text)) === text && Number(text) <= 65_535;
}

/** Without the zone that node:net allows. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function normalIPv6(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}

/** What of the fixed part is there already: whether it is wrong need not wait for the rest. */
function readFixed(bytes: Buffer): ProxyHeaderReading {
  const command = bytes[12];
  return command === undefined || command === Command.Local || command === Command.Proxy ? Incomplete : Broken;
}

function readBinary(bytes: Buffer): ProxyHeaderReading {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const declared = bytes.readUInt16BE(14);
  const length = FixedBytes + declared;
  if (length > MaxHeaderBytes) return Broken;
  if (command !== Command.Proxy && command !== Command.Local) return Broken;
  const least = command === Command.Local ? 0 : addressBytes(family);
  if (least === undefined || declared < least) return Broken;
  if (bytes.length < length) return Incomplete;
  const client = command === Command.Local ? undefined : tryBinaryClient(family, bytes.subarray(FixedBytes, length));
  return { type: "header", length, client };
}

const Family = { Unspecified: 0x00, Tcp4: 0x11, Tcp6: 0x21, UnixStream: 0x31 } as const;

/** Bytes of both addresses and ports; `undefined` for what no TCP connection can be. */
function addressBytes(family: number): number | undefined {
  switch (family) {
    case Family.Unspecified:
      return 0;
    case Family.Tcp4:
      return 12;
    case Family.Tcp6:
      return 36;
    case Family.UnixStream:
      return 216;
    default:
      return undefined;
  }
}

/** The client of a whole address block; a unix socket has no address that means something here. */
function tryBinaryClient(family: number, block: Buffer): ProxiedClient | undefined {
  if (family === Family.Tcp4) return { address: block.subarray(0, 4).join("."), port: block.readUInt16BE(8) };
  if (family !== Family.Tcp6) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => block.readUInt16BE(2 * at).toString(16));
  return { address: normalIPv6(groups.join(":")), port: block.readUInt16BE(32) };
}
