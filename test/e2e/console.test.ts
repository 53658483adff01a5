import { once } from "node:events";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { WebSocket } from "ws";
import { buildConsole } from "../../src/gateway/admin/console/build.ts";
import { openChromium, type BrowserPage } from "../support/browsers.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";
import { barriers, openConsole, type ConsolePage } from "./console-browser.ts";
import { firstEnd, openNamed, sayOnAll } from "./in-console-page.ts";

/** WebSockets of each kind: over HTTP/2 to the backend, over HTTP/1.1 to the handler. */
const OverH2 = 6;
const OverH1 = 3;

/** The machine may be busy, and the console asks every two seconds. */
const Patience = { timeout: 8_000 };
const Tls = { selfSigned: "localhost.pem", names: ["localhost", "127.0.0.1"] };

let backend: WsBackend;
let gateway: GatewayProcess;
let clients: BrowserPage;
let shown: ConsolePage;
let page: Page;

const config = (more: object = {}) => ({
  listeners: [
    { name: "both", address: "127.0.0.1:0", tls: Tls },
    { name: "clear", address: "127.0.0.1:0" },
  ],
  routes: [
    { name: "chat", path: "/chat", upstream: "chat-backend" },
    { name: "echo", path: "/echo", handler: "echo" },
  ],
  upstreams: { "chat-backend": { addresses: [backend.url] } },
  log: { format: "text" },
  ...more,
});

beforeAll(async () => {
  await buildConsole();
  backend = await startWsBackend();
  gateway = await startGateway(config());
  clients = await openChromium();
  const base = gateway.listeners.get("both") ?? "";
  await clients.goto(`${base}/`);
  await clients.evaluate(openNamed, { url: socketUrl(gateway, "both", "/chat"), name: "overH2", count: OverH2 });
  const clear = socketUrl(gateway, "clear", "/echo");
  const others = Array.from({ length: OverH1 }, () => new WebSocket(clear));
  await Promise.all(others.map((socket) => once(socket, "open")));
  shown = await openConsole(gateway.admin);
  page = shown.page;
});

beforeEach(() => onTestFailed(() => console.error(gateway.log)));

afterAll(async () => {
  await shown?.close();
  await clients?.close();
  await gateway?.stop();
  await backend?.stop();
});

const goTo = (name: string) => page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
const rows = () => page.locator("tr[data-id]");
const rowsAre = (count: number) => expect.poll(() => rows().count(), Patience).toBe(count);
const ids = async (): Promise<number[]> => (await page.locator("tr[data-id] a").allTextContents()).map(Number);

describe("the console of a gateway", () => {
  test("shows how many streams are open, and by which connections", async () => {
    const plot = page.getByRole("img", { name: /Open streams/ });
    await expect.poll(() => plot.getAttribute("aria-label"), Patience).toContain(`open ${OverH2 + OverH1}`);
    await expect
      .poll(() => page.locator(".facts-line").textContent(), Patience)
      .toContain(`1 HTTP/2, ${OverH1} HTTP/1.1`);
  });

  test("sorts the streams", async () => {
    await goTo("Streams");
    await rowsAre(OverH2 + OverH1);
    const order = page.getByRole("columnheader", { name: "id", exact: true });
    await order.getByRole("button").click();
    await expect.poll(() => order.getAttribute("aria-sort"), Patience).toBe("ascending");
    await expect.poll(async () => isSorted(await ids(), 1), Patience).toBe(true);
    await order.getByRole("button").click();
    await expect.poll(() => order.getAttribute("aria-sort"), Patience).toBe("descending");
    await expect.poll(async () => isSorted(await ids(), -1), Patience).toBe(true);
  });

  test.each([
    { name: "a part of a route", fill: "ech", rows: OverH1 },
    { name: "a part of an upstream", fill: "-backend", rows: OverH2 },
    { name: "what there is not", fill: "nothing such", rows: 0 },
  ])("searches for $name", async ({ fill, rows: found }) => {
    await page.getByRole("searchbox").fill(fill);
    await rowsAre(found);
    expect(await page.getByText("No stream fits.").count()).toBe(found === 0 ? 1 : 0);
    await page.getByRole("button", { name: "Show all" }).click();
    await rowsAre(OverH2 + OverH1);
  });

  test("leaves out those of another protocol, and says so in its address", async () => {
    await page.getByLabel("Via").selectOption("h2");
    await rowsAre(OverH2);
    expect(new URL(page.url()).hash).toBe("#/streams?protocol=h2&order=id");
    await page.reload();
    await rowsAre(OverH2);
  });

  test("tails a stream that passes messages, both ways and without their content", async () => {
    await rows().first().click();
    await page.getByText("HTTP/2 (RFC 8441)").waitFor();
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("listening", { exact: true }).waitFor();
    await clients.evaluate(sayOnAll, { name: "overH2", text: "a secret of 24 characters" });
    const lines = page.getByRole("list", { name: "Frames" }).getByRole("listitem");
    await expect.poll(() => lines.count(), Patience).toBe(2);
    expect(await lines.allTextContents()).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}→ upstreamtextFIN25.B$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}← clienttextFIN25.B$/),
    ]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("stopped").waitFor();
    await expect.poll(() => page.getByRole("row", { name: /^messages 1 1$/ }).count(), Patience).toBe(1);
  });

  test("closes that stream with the code that is chosen, once that is confirmed", async () => {
    await page.getByRole("button", { name: "Close…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Close…" }).click();
    await dialog.getByLabel("another code").fill("4321");
    await dialog.getByRole("button", { name: "Close" }).click();
    expect(await clients.evaluate(firstEnd, { name: "overH2" })).toBe(4321);
    await page.getByText("this is what was last seen of it").waitFor();
    await goTo("Streams");
    await rowsAre(OverH2 + OverH1 - 1);
  });

  test("tells what happens", async () => {
    await goTo("Events");
    await page.getByText("listening", { exact: true }).waitFor();
    await clients.evaluate(openNamed, { url: socketUrl(gateway, "both", "/chat"), name: "late", count: 1 });
    const lines = page.getByRole("list", { name: "Events" }).getByRole("listitem");
    await expect
      .poll(() => lines.allTextContents(), Patience)
      .toEqual([expect.stringMatching(/opened.*on chat via h2$/)]);
  });

  test("shows routes and upstreams with what they carry", async () => {
    await goTo("Routes");
    await page.getByRole("row", { name: /^chat chat-backend 6 7/ }).waitFor();
    await goTo("Upstreams");
    await page.getByRole("row", { name: /^chat-backend ws:.* 6 7 0 0 %/ }).waitFor();
  });

  test("reloads the config, and shows what that has changed", async () => {
    await goTo("Config");
    await page.getByText("generation 1").waitFor();
    await gateway.replaceConfig(config({ limits: { maxStreams: 77 } }));
    await page.getByRole("button", { name: "Reload…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Reload" }).click();
    await page.getByText("generation 2").waitFor();
    expect(await page.getByLabel("Config in force").textContent()).toContain('"maxStreams": 77');
    expect(await page.getByLabel("Last change").textContent()).toContain("limits");
  });

  test("drains the gateway, once that is confirmed, and says when it is gone", async () => {
    await page.getByRole("button", { name: "Drain…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
    await page.getByRole("banner").getByText("draining").waitFor();
    const open = page.getByRole("img", { name: /Open streams/ });
    await goTo("Overview");
    await expect.poll(() => open.getAttribute("aria-label"), Patience).toContain("open 0");
    expect(await gateway.stop()).toBe(0);
    await page.getByText("connection lost, retrying").waitFor();
    // The stream that was closed, and the gateway that is gone.
    expect(shown.errors.filter((error) => !/\b404\b|ERR_/.test(error))).toEqual([]);
  });
});

describe.each([{ colorScheme: "light" as const }, { colorScheme: "dark" as const }])(
  "for all, in $colorScheme",
  ({ colorScheme }) => {
    let one: GatewayProcess;
    let look: ConsolePage;

    beforeAll(async () => {
      one = await startGateway(config());
      // The page's own origin is the one that may open them.
      await clients.goto(`${one.listeners.get("both")}/`);
      await clients.evaluate(openNamed, { url: socketUrl(one, "both", "/chat"), name: colorScheme, count: 3 });
      look = await openConsole(one.admin, { colorScheme });
    });

    afterAll(async () => {
      await look?.close();
      await one?.stop();
    });

    test.each(["Overview", "Streams", "Routes", "Upstreams", "Config", "Events"])("%s has no barrier", async (name) => {
      await look.page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
      await look.page.getByText("loading").waitFor({ state: "hidden" });
      expect(await barriers(look.page)).toEqual([]);
    });

    test("one stream has none, nor has the dialog that closes it", async () => {
      await look.page.getByRole("navigation").getByRole("link", { name: "Streams", exact: true }).click();
      await look.page.locator("tr[data-id]").first().click();
      await look.page.getByRole("button", { name: "Start" }).click();
      await look.page.getByText("listening", { exact: true }).waitFor();
      await clients.evaluate(sayOnAll, { name: colorScheme, text: "hello" });
      await look.page.getByRole("list", { name: "Frames" }).waitFor();
      expect(await barriers(look.page)).toEqual([]);
      await look.page.getByRole("button", { name: "Close…" }).click();
      await look.page.getByRole("dialog").waitFor();
      expect(await barriers(look.page)).toEqual([]);
      await look.page.keyboard.press("Escape");
      await look.page.keyboard.press("?");
      await look.page.getByRole("heading", { name: "Keys" }).waitFor();
      expect(await barriers(look.page)).toEqual([]);
      expect(look.errors).toEqual([]);
    });
  },
);

function socketUrl({ listeners }: GatewayProcess, listener: string, path: string): string {
  return `${listeners.get(listener)?.replace("http", "ws")}${path}`;
}

function isSorted(numbers: readonly number[], sign: number): boolean {
  return (
    numbers.length > 0 && numbers.every((one, index) => index === 0 || sign * (one - (numbers[index - 1] ?? 0)) > 0)
  );
}
