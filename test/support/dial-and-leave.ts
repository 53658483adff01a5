import { ClientDialer } from "../../src/transport/client-dialer.ts";
import { hawserH2Clients } from "../../src/transport/hawser-h2-client.ts";
import { openNodeH2Client } from "../../src/transport/node-h2-client.ts";

// Runs in a process of its own: opens one WebSocket over HTTP/2 and gives it up, then another on the same connection, which it
// gives up when the server has said something. Then it has nothing more to do. Who frames it is its second argument.

const transport = { type: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) } as const;
const many = { maxStreams: Infinity, maxWaiting: Infinity, maxClients: 1 };
const long = { idleMs: 3_600_000, pingIntervalMs: 3_600_000, pongMs: 3_600_000, connectMs: Infinity };
const openClient = process.argv[3] === "hawser" ? hawserH2Clients() : openNodeH2Client;
const kept = { openClient, ...many, ...long };
const dialer = new ClientDialer({ address: { transport, tls: undefined }, proxy: undefined, protocol: "h2" }, kept);
const asked = { scheme: "http", authority: "a", subprotocols: [], extensions: "", fields: [] } as const;

async function open(path: string, onBytes: () => void) {
  const result = await dialer.dial({ ...asked, path }, { timeoutMs: 3_600_000, signal: undefined });
  if (result.type !== "accepted") throw new Error(result.type);
  console.log(`${path} opened`);
  const { stream } = result;
  const ignore = (): void => undefined;
  const closed = Promise.withResolvers<void>();
  stream.start({ onBytes, onDrain: ignore, onEnd: ignore, onClose: () => closed.resolve() });
  return { stream, closed: closed.promise };
}

const first = await open("/first", () => undefined);
first.stream.abort("cancel");
await first.closed;
const second = await open("/second", () => {
  console.log("heard");
  second.stream.abort("cancel");
});
void second.closed.then(() => console.log("closed"));
