import type { TestCertificate } from "../support/certificates.ts";
import { startGateway } from "../support/gateway-process.ts";
import type { RunningServer, ServerLibrary } from "./end.ts";
import { WsServer } from "./ws-ends.ts";

/** Our own gateway before a server of `ws`, on both HTTP versions. */
export const GatewayServer: ServerLibrary = {
  ...WsServer,
  name: "ws behind hawser",
  lostClose: 1014,
  start: (identity) => startBehindGateway("ws", identity),
};

/** The same over TLS. */
export const GatewayTlsServer: ServerLibrary = {
  ...GatewayServer,
  name: "ws behind hawser with TLS",
  httpVersion: "2",
  start: (identity) => startBehindGateway("wss", identity),
};

async function startBehindGateway(scheme: "ws" | "wss", identity: TestCertificate): Promise<RunningServer> {
  const backend = await WsServer.start(identity);
  const tls = { tls: { certificate: "certificate.pem", key: "key.pem" } };
  const gateway = await startGateway(
    {
      listeners: [{ name: scheme, address: "127.0.0.1:0", ...(scheme === "wss" && tls) }],
      routes: [{ name: "backend", pathPrefix: "/", upstream: "backend" }],
      upstreams: { backend: { addresses: [backend.url] } },
    },
    { "certificate.pem": identity.certificate, "key.pem": identity.key },
  );
  return {
    url: (gateway.listeners.get(scheme) ?? "").replace(/^http/, "ws"),
    next: backend.next,
    async stop() {
      await gateway.stop();
      await backend.stop();
    },
  };
}
