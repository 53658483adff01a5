import { once } from "node:events";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { testCertificate, type TestCertificate } from "../support/certificates.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { closeOf, echoOnAll, openAll, tryOpening } from "./in-reload-page.ts";

/** Each way to say that something has changed. */
const Triggers = [
  { trigger: "SIGHUP", watch: false, pull: async (gateway: GatewayProcess) => gateway.signal("SIGHUP") },
  { trigger: "a changed file", watch: true, pull: async () => undefined },
  { trigger: "POST /reload", watch: false, pull: (gateway: GatewayProcess) => post(`${gateway.admin}/reload`) },
];

const Rows = Triggers.flatMap((row) => [
  { ...row, listener: "both", protocol: "h2", connections: 1 },
  { ...row, listener: "http1", protocol: "h1", connections: 2 },
]);

async function post(url: string): Promise<void> {
  const { status } = await fetch(url, { method: "POST" });
  expect(status).toBe(200);
}

/** The serial number of the certificate that a new connection to `url` is shown. */
async function serialNumberAt(url: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), rejectUnauthorized: false });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe.each([
  { browser: "Chromium", open: openChromium },
  { browser: "Firefox", open: openFirefox },
])("a page in $browser", ({ open }) => {
  let backend: WsBackend;
  let page: BrowserPage;
  let certificates: readonly [TestCertificate, TestCertificate];

  beforeAll(async () => {
    backend = await startWsBackend();
    certificates = await Promise.all([testCertificate(), testCertificate()]);
    page = await open();
  });

  afterAll(async () => {
    await page?.close();
    await backend?.stop();
  });

  /** Two routes to the same backend, of which the second is there only if it is `whole`. */
  function configOf({ watch, whole }: { watch: boolean; whole: boolean }) {
    const tls = { certificate: "certificate.pem", key: "key.pem" };
    const kept = { name: "kept", path: "/kept", upstream: "backend" };
    const removed = { name: "removed", path: "/removed", upstream: "backend" };
    const files = { name: "page", pathPrefix: "/", root: join(import.meta.dirname, "site") };
    return {
      listeners: [
        { name: "both", address: "127.0.0.1:0", tls },
        { name: "http1", address: "127.0.0.1:0", tls, protocols: ["http/1.1"] },
      ],
      routes: whole ? [kept, removed, files] : [kept, files],
      upstreams: { backend: { addresses: [backend.url] } },
      reload: { watch },
      deadlines: { closeSpreadMs: 200 },
    };
  }

  test.each(Rows)("over $protocol, told by $trigger", async ({ watch, pull, listener, protocol, connections }) => {
    const [first, second] = certificates;
    const files = { "certificate.pem": first.certificate, "key.pem": first.key };
    const gateway = await startGateway(configOf({ watch, whole: true }), files);
    onTestFinished(async () => void (await gateway.stop()));
    onTestFailed(() => console.error(gateway.log));
    const url = gateway.listeners.get(listener) ?? "";
    const sockets = url.replace("https:", "wss:");
    const generation = async (): Promise<number> => sumOf(await gateway.metrics(), "hawser_config_generation");

    await page.goto(url);
    const before = backend.sockets.length;
    await page.evaluate(openAll, { urls: [`${sockets}/kept`, `${sockets}/removed`] });
    expect(await page.evaluate(echoOnAll, { text: "first" })).toEqual(["first 0", "first 1"]);
    const firstSerial = await serialNumberAt(url);

    // The certificate is renewed, and nobody notices but who comes now.
    await gateway.replaceFile("key.pem", second.key);
    await gateway.replaceFile("certificate.pem", second.certificate);
    await pull(gateway);
    await expect.poll(() => serialNumberAt(url), { timeout: 10_000 }).not.toBe(firstSerial);
    expect(await page.evaluate(echoOnAll, { text: "second" })).toEqual(["second 0", "second 1"]);

    // One of the routes goes.
    const generationBefore = await generation();
    await gateway.replaceConfig(configOf({ watch, whole: false }));
    await pull(gateway);
    expect(await page.evaluate(closeOf, { number: 1 })).toEqual({ code: 1012, reason: "", wasClean: true });
    const relayed = backend.sockets.slice(before);
    expect(await relayed.find(({ path }) => path === "/removed")?.closed).toMatchObject({ code: 1001 });
    expect(await generation()).toBe(generationBefore + 1);
    expect(await page.evaluate(echoOnAll, { text: "third" })).toEqual(["third 0", "closed"]);

    // The same two WebSockets all the time, on the connections on which they came.
    expect(backend.sockets.slice(before)).toHaveLength(2);
    const metrics = await gateway.metrics();
    expect(sumOf(metrics, "hawser_streams_open", { route: "kept", protocol })).toBe(1);
    const opened = sumOf(metrics, "hawser_client_connections_total", { listener, protocol });
    expect(Math.min(opened, 2)).toBe(connections);
    expect(await page.evaluate(tryOpening, { url: `${sockets}/removed` })).toBe(1006);
    expect(await page.evaluate(tryOpening, { url: `${sockets}/kept` })).toBe(1000);
  });
});
