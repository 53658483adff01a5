import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { TestCertificate } from "../support/certificates.ts";
import { startGateway } from "../support/gateway-process.ts";
import { freePort } from "../support/ports.ts";
import type { RunningServer, ServerLibrary } from "./end.ts";
import { WsServer } from "./ws-ends.ts";

const StartMs = 10_000;

/** A server of `ws` behind HAProxy, which takes WebSockets over HTTP/2 and passes them on over HTTP/1.1. */
export const HaproxyServer = proxied("HAProxy", (port, backend, folder) => ({
  program: "haproxy",
  parameters: ["-db", "-f", join(folder, "proxy.cfg")],
  config: [
    "defaults",
    "  mode http",
    "  timeout connect 5s",
    "  timeout client 30s",
    "  timeout server 30s",
    "listen proxy",
    `  bind 127.0.0.1:${port} ssl crt ${join(folder, "both.pem")} alpn h2`,
    `  server backend ${backend}`,
    "",
  ],
}));

/** The same behind nghttpx, which is nghttp2's. */
export const NghttpxServer = proxied("nghttpx", (port, backend, folder) => ({
  program: "nghttpx",
  parameters: ["--conf", join(folder, "proxy.cfg"), join(folder, "both.pem"), join(folder, "both.pem")],
  config: [`frontend=127.0.0.1,${port}`, `backend=${backend.replace(":", ",")}`, "no-ocsp=yes", "log-level=ERROR", ""],
}));

/** Our gateway before `server`, which it reaches over HTTP/2 with TLS alone, framed by `engine`. */
export function overHttp2(server: ServerLibrary, engine: H2EngineName): ServerLibrary {
  return {
    ...server,
    name: `${server.name}, reached over HTTP/2 by ${engine},`,
    httpVersion: "1.1",
    lostClose: 1014,
    async start(identity) {
      const backend = await server.start(identity);
      const gateway = await startGateway(
        {
          listeners: [{ name: "ws", address: "127.0.0.1:0" }],
          http2: { engine },
          routes: [{ name: "backend", pathPrefix: "/", upstream: "backend" }],
          upstreams: { backend: { addresses: [backend.url], protocol: "h2", tls: { ca: "ca.pem" } } },
        },
        { "ca.pem": identity.certificate },
      );
      return {
        url: (gateway.listeners.get("ws") ?? "").replace(/^http/, "ws"),
        next: backend.next,
        async stop() {
          await gateway.stop();
          await backend.stop();
        },
      };
    },
  };
}

/** How a proxy is started that listens on a port for a backend. */
interface ProxyStart {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly config: readonly string[];
}

function proxied(name: string, startOf: (port: number, backend: string, folder: string) => ProxyStart): ServerLibrary {
  return { ...WsServer, name: `ws behind ${name}`, httpVersion: "2", start: (identity) => start(identity, startOf) };
}

async function start(
  { certificate, key }: TestCertificate,
  startOf: (port: number, backend: string, folder: string) => ProxyStart,
): Promise<RunningServer> {
  const backend = await WsServer.start({ certificate, key });
  const folder = await mkdtemp(join(tmpdir(), "hawser-proxy-"));
  const port = await freePort();
  const { program, parameters, config } = startOf(port, new URL(backend.url).host, folder);
  await writeFile(join(folder, "both.pem"), `${certificate}\n${key}\n`);
  await writeFile(join(folder, "proxy.cfg"), config.join("\n"));
  const child = spawn(program, parameters, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  const deadline = performance.now() + StartMs;
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${program} did not come to listen`);
    await delay(20);
  }
  return {
    url: `wss://127.0.0.1:${port}`,
    next: backend.next,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await backend.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).on("error", () => resolve(false));
  });
  socket.destroy();
  return isThere;
}
