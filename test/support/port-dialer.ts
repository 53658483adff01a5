import { once } from "node:events";
import { createServer } from "node:net";
import { acceptKey } from "../../src/protocol/handshake/upgrade.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { dial } from "../../src/transport/dialer.ts";
import type { DialTarget } from "../../src/transport/upstream-connecting.ts";

// Runs in a process of its own, on a network with few ports. From each source address it is given, `-` for none, it dials an
// upstream that accepts until a dial is exhausted, gives one stream up, and dials once more. It prints what became of the dials.

/** Outside of the ports that are given out. */
const UpstreamPort = 30_000;
const request = { authority: "upstream", path: "/", subprotocols: [], extensions: "", fields: [] };

const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.once("data", (head: Buffer) => {
    const key = /^sec-websocket-key: (.*)$/im.exec(head.toString("latin1"))?.[1] ?? "";
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
  });
});
server.listen(UpstreamPort, "127.0.0.1");
await once(server, "listening");

/** Dials, keeps the stream, and returns the result in a word or two. */
async function dialInto(streams: ByteStream[], sourceAddress: string | undefined): Promise<string> {
  const transport = { type: "tcp", host: "127.0.0.1", port: UpstreamPort } as const;
  const target: DialTarget = { address: { transport, tls: undefined }, secure: undefined, sourceAddress };
  const { signal } = new AbortController();
  const result = await dial(target, request, { connectTimeoutMs: 5_000, answerTimeoutMs: 5_000, signal });
  if (result.type === "accepted") streams.push(result.stream);
  return result.type === "exhausted" ? `exhausted ${result.limit}` : result.type;
}

function giveUp(stream: ByteStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    const ignore = (): void => undefined;
    stream?.start({ onBytes: ignore, onDrain: ignore, onEnd: ignore, onClose: () => resolve() });
    stream?.abort("cancel");
  });
}

for (const source of process.argv.slice(2)) {
  const sourceAddress = source === "-" ? undefined : source;
  const streams: ByteStream[] = [];
  const results: string[] = [];
  while (results.at(-1) === undefined || results.at(-1) === "accepted") {
    results.push(await dialInto(streams, sourceAddress));
  }
  await giveUp(streams.shift());
  results.push(await dialInto(streams, sourceAddress));
  console.log(results.join(", "));
}
process.exit();
