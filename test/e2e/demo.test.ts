import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayConfig, type GatewayProcess } from "../support/gateway-process.ts";
import { freePort } from "../support/ports.ts";

const Folder = join(import.meta.dirname, "../../config");

/** config/demo.yaml, as `npm start` runs it, on ports that nobody else has. */
async function demoConfig(): Promise<GatewayConfig> {
  const yaml = await readFile(join(Folder, "demo.yaml"), "utf8");
  const ports = new Map<string, string>();
  for (const port of new Set(yaml.match(/(?<=127\.0\.0\.1:)\d+/g))) ports.set(port, String(await freePort()));
  const moved = yaml
    .replaceAll(/\b\d{4}\b/g, (port) => ports.get(port) ?? port)
    .replaceAll(/(?<=root: |node, )demo\//g, `${Folder}/demo/`);
  return parse(moved);
}

/** What the page says of itself, in attributes of its root; `toggle` switches HTTP/2 on or off first. */
async function stateOfPage({ toggle }: { toggle: boolean }): Promise<Record<string, string>> {
  interface Root {
    querySelector(selector: string): { click(): void };
    readonly documentElement: { readonly dataset: Record<string, string> };
  }
  const { document } = globalThis as unknown as { document: Root };
  if (toggle) document.querySelector("#http2-toggle").click();
  return { ...document.documentElement.dataset };
}

describe.each([
  { browser: "Chromium", open: openChromium },
  { browser: "Firefox", open: openFirefox },
])("the demo in $browser", ({ open }) => {
  let gateway: GatewayProcess;
  let page: BrowserPage;

  beforeAll(async () => {
    gateway = await startGateway(await demoConfig());
    page = await open();
    await page.goto(gateway.listeners.get("main") ?? "");
  });

  afterAll(async () => {
    await page?.close();
    await gateway?.stop();
  });

  const state = (): Promise<Record<string, string>> => page.evaluate(stateOfPage, { toggle: false });

  test("opens 100 WebSockets on one TCP connection, by its own count and by the gateway's", async () => {
    await expect.poll(state, { timeout: 30_000 }).toMatchObject({ open: "100", connections: "1" });
    const metrics = await gateway.metrics();
    expect(sumOf(metrics, "hawser_streams_open", { protocol: "h2", route: "demo" })).toBe(100);
    expect(sumOf(metrics, "hawser_client_connections_open", { protocol: "h2" })).toBe(1);
  });

  test("opens 100 WebSockets on 100 TCP connections when HTTP/2 is switched off", async () => {
    await page.evaluate(stateOfPage, { toggle: true });
    await expect.poll(state, { timeout: 50_000 }).toMatchObject({ open: "100", connections: "100" });
    expect(sumOf(await gateway.metrics(), "hawser_streams_open", { protocol: "h1", route: "demo" })).toBe(100);
  });
});
