import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { testCertificate } from "../support/certificates.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { generatedSite, writeSite } from "../support/generated-site.ts";
import { startSiteBackend, type SiteBackend } from "../support/site-backend.ts";
import { filesOfPage, leaveBeside, openBeside } from "./in-site-page.ts";

const FilesOfAKind = 100;
/** With the page itself. */
const Files = 3 * FilesOfAKind + 1;
const BodyIdleMs = 2_000;

const Whole = { scripts: FilesOfAKind, styles: FilesOfAKind, images: FilesOfAKind, faults: [] };

describe.each([
  { browser: "Chromium", open: openChromium },
  { browser: "Firefox", open: openFirefox },
])("$browser and a site of 300 files", ({ open }) => {
  let folder: string;
  let backend: SiteBackend;
  let gateway: GatewayProcess;
  let page: BrowserPage;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hawser-site-"));
    await writeSite(folder, generatedSite(FilesOfAKind));
    backend = await startSiteBackend("/app/", generatedSite(FilesOfAKind));
    const { certificate, key } = await testCertificate();
    const tls = { certificate: "certificate.pem", key: "key.pem" };
    const h2 = { address: "127.0.0.1:0", tls };
    const h1 = { ...h2, protocols: ["http/1.1"] };
    gateway = await startGateway(
      {
        // A listener for each case, so that none has the connections of another.
        listeners: [
          { name: "files-h2", ...h2 },
          { name: "files-h1", ...h1 },
          { name: "app-h2", ...h2 },
          { name: "app-h1", ...h1 },
          { name: "clear", address: "127.0.0.1:0" },
        ],
        routes: [
          { name: "files", pathPrefix: "/files", root: folder },
          { name: "app", pathPrefix: "/app", upstream: "app" },
        ],
        upstreams: { app: { addresses: [backend.url] } },
        deadlines: { bodyIdleMs: BodyIdleMs },
        log: { format: "text", requests: false },
      },
      { "certificate.pem": certificate, "key.pem": key },
    );
    page = await open(certificate);
  });

  beforeEach(() => onTestFailed(() => console.error(gateway.log)));

  afterAll(async () => {
    await page?.close();
    await gateway?.stop();
    await backend?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  describe.each([
    { source: "a folder", route: "files", protocol: "h2", nextHopProtocol: "h2", connections: 1 },
    { source: "a folder", route: "files", protocol: "h1", nextHopProtocol: "http/1.1", connections: 2 },
    { source: "a backend", route: "app", protocol: "h2", nextHopProtocol: "h2", connections: 1 },
    { source: "a backend", route: "app", protocol: "h1", nextHopProtocol: "http/1.1", connections: 2 },
  ])("from $source over $protocol", ({ route, protocol, nextHopProtocol, connections }) => {
    const listener = `${route}-${protocol}`;
    const url = (): string => gateway.listeners.get(listener) ?? "";

    const answered = async (status: string): Promise<number> =>
      sumOf(await gateway.metrics(), "hawser_http_requests_total", { route, protocol, status, result: "answered" });
    const opened = async (): Promise<number> =>
      sumOf(await gateway.metrics(), "hawser_client_connections_total", { listener });

    test("each file arrives whole, with its own content", async () => {
      await page.goto(`${url()}/${route}/`);
      expect(await page.evaluate(filesOfPage, {})).toEqual({ ...Whole, protocols: [nextHopProtocol] });
      expect(await answered("2xx")).toBe(Files);
      expect(page.errors).toEqual([]);
    });

    test("what it has already is not sent again", async () => {
      await page.goto(`${url()}/${route}/`);
      expect(await page.evaluate(filesOfPage, {})).toMatchObject(Whole);
      // Firefox asks for the first styles twice, of whatever server.
      expect(await answered("3xx")).toBeGreaterThanOrEqual(Files);
      expect(await answered("2xx")).toBe(Files);
      expect(page.errors).toEqual([]);
    });

    const shares = protocol === "h2" ? "shares the connection with them" : "has a connection of its own beside them";
    test(`a WebSocket ${shares}, and with an event stream that is quiet for long`, async () => {
      const socket = `${url().replace("https:", "wss:")}/app/socket`;
      const first = await page.evaluate(openBeside, { events: `${url()}/app/events`, socket });
      expect(first).toEqual({ event: "welcome", echo: "hello" });
      const metrics = await gateway.metrics();
      expect(sumOf(metrics, "hawser_streams_open", { protocol, route: "app" })).toBe(1);

      // As long as content that is no event stream may be quiet: it is cut then.
      const unfinished = await fetch(`${gateway.listeners.get("clear")}/app/unfinished`);
      await expect(unfinished.text()).rejects.toThrow("terminated");

      backend.tell("at last");
      const last = await page.evaluate(leaveBeside, { event: "at last" });
      expect(last).toEqual({ heard: ["welcome", "at last"], echo: "still here" });
      expect(Math.min(await opened(), 2)).toBe(connections);
      expect(page.errors).toEqual([]);
    });
  });

  test("over HTTP/2 the backend is told one connection of each page", () => {
    const ofH2 = backend.streamFields.filter((field) => field.startsWith("http=2;"));
    const connectionOf = (field: string): string => /connection=(\d+)/.exec(field)?.[1] ?? "";
    // One of the page from the folder, for its event stream and WebSocket, one of the other for those and its files.
    expect(new Set(ofH2.map(connectionOf)).size).toBe(2);
    expect(ofH2.length).toBeGreaterThanOrEqual(2 * Files + 4);
  });
});
