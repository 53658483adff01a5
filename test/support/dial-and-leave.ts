import { ClientDialer } from "../../src/transport/client-dialer.ts";

// Runs in a process of its own: opens a WebSocket over HTTP/2, gives it up, and has nothing more to do.

const transport = { type: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) } as const;
const kept = { idleMs: 3_600_000, pingIntervalMs: 3_600_000, pongMs: 3_600_000, maxClients: 1 };
const dialer = new ClientDialer({ address: { transport, tls: undefined }, proxy: undefined, protocol: "h2" }, kept);
const asked = { scheme: "http", authority: "a", path: "/", subprotocols: [], extensions: "", fields: [] } as const;
const result = await dialer.dial(asked, { timeoutMs: 3_600_000, signal: undefined });
if (result.type !== "accepted") throw new Error(result.type);
console.log("opened");
const ignore = (): void => undefined;
result.stream.start({ onBytes: ignore, onDrain: ignore, onEnd: ignore, onClose: () => console.log("closed") });
result.stream.abort("cancel");
