import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildConsole, type ConsoleFiles } from "../../src/gateway/admin/console/build.ts";
import { startConsoleApi, type ConsoleApi } from "./console-api.ts";
import { barriers, openConsole, tabTo, tasksDuring, type ConsoleLook, type ConsolePage } from "./console-browser.ts";

const MaxGzippedBytes = 80_000;
/** From here on a page is felt to hang (W3C Long Tasks). */
const LongTaskMs = 50;
const Patience = { timeout: 8_000 };

let folder: string;
let files: ConsoleFiles;
let api: ConsoleApi | undefined;
let shown: ConsolePage | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hawser-console-"));
  files = await buildConsole(folder);
});

afterEach(async () => {
  await shown?.close();
  await api?.stop();
  shown = undefined;
  api = undefined;
});

afterAll(() => rm(folder, { recursive: true }));

interface Stage extends ConsolePage {
  readonly api: ConsoleApi;
}

/** The console in front of `count` streams. */
async function stage(count: number, look: ConsoleLook = {}, authorization?: string): Promise<Stage> {
  api = await startConsoleApi(folder, count);
  api.demand(authorization);
  shown = await openConsole(api.url, look);
  return { ...shown, api };
}

const goTo = (page: Page, name: string) =>
  page.getByRole("navigation").getByRole("link", { name, exact: true }).click();

test("is one page, one script and one style sheet, together less than 80 KB as they are sent", async () => {
  const names = (await readdir(folder)).map((name) => name.replace(/-[A-Z0-9]{8}\./, "-HASH."));
  expect(names.toSorted()).toEqual(["console-HASH.css", "console-HASH.js", "index.html", "licenses.txt"]);
  const contents = await Promise.all([files.page, files.script, files.style].map((path) => readFile(path)));
  const bytes = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MaxGzippedBytes);
  expect(contents.join("\n")).not.toMatch(/(?:src|href|url)\W{1,3}(?:https?:)?\/\//);
});

test("scrolls through 10 000 streams that change, without a task of 50 ms", async () => {
  const { page, browser, errors } = await stage(10_000);
  await goTo(page, "Streams");
  await page.locator("tr[data-id]").first().waitFor();
  await page.mouse.move(600, 500);
  const { tasks, longTasks } = await tasksDuring({ page, browser }, async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      await page.mouse.wheel(0, turn % 10 === 9 ? 20_000 : 700);
      await page.waitForTimeout(40);
    }
  });
  // What a task waits for a processor, on a machine that is busy with others, is not of the page's making.
  const busiest = Math.max(...tasks.map(({ processorMs }) => processorMs));
  expect(tasks.length).toBeGreaterThan(200);
  expect(busiest).toBeGreaterThan(1);
  expect(busiest).toBeLessThan(LongTaskMs);
  const waited = tasks.filter(({ wallMs }) => wallMs >= LongTaskMs);
  expect(longTasks).toBeLessThanOrEqual(waited.length);
  expect(await page.locator("tr").count()).toBeLessThan(80);
  expect(Number(await page.locator("tr[data-id]").first().getAttribute("aria-rowindex"))).toBeGreaterThan(5_000);
  expect(errors).toEqual([]);
});

test("begins another order at its top, and leaves the focus where it is", async () => {
  const { page } = await stage(10_000);
  await goTo(page, "Streams");
  const scroller = page.getByRole("region", { name: "Streams" });
  await page.locator("tr[data-id]").first().waitFor();
  await scroller.evaluate("(element) => element.scrollTo(0, 90_000)");
  await page.getByRole("button", { name: "id", exact: true }).press("Enter");
  await expect.poll(() => page.locator("tr[data-id]").first().getAttribute("data-id"), Patience).toBe("1");
  expect(await page.evaluate("document.activeElement.textContent.trim()")).toMatch(/^id/);
});

describe("with credentials", () => {
  const token = `Bearer ${"t0ken".repeat(4)}`;

  test("asks for a token, keeps it in memory alone, and reads streams of events with it", async () => {
    const { page, api } = await stage(50, {}, token);
    await page.getByLabel("Token", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The gateway did not take that.").waitFor();
    await page.getByLabel("Token", { exact: true }).fill(token.replace("Bearer ", ""));
    await page.getByRole("button", { name: "Sign in" }).click();
    await goTo(page, "Events");
    await page.getByRole("list", { name: "Events" }).waitFor();
    expect(api.readings).toBeGreaterThan(0);
    expect(await page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]")).toEqual([0, 0, ""]);
    await page.reload();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  test("takes user and password, keeps them in the tab where that is wanted, and forgets them", async () => {
    const { page } = await stage(50, {}, `Basic ${Buffer.from("öl:päss").toString("base64")}`);
    await page.getByLabel("user and password").check();
    await page.getByLabel("User", { exact: true }).fill("öl");
    await page.getByLabel("Password", { exact: true }).fill("päss");
    await page.getByLabel("keep it until this tab is closed").check();
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Busiest routes").waitFor();
    await page.reload();
    await page.getByText("Busiest routes").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });
});

test("says that the connection is lost, and goes on when it is back", async () => {
  const { page, api } = await stage(50);
  await page.getByText("live", { exact: true }).waitFor();
  api.hangUp(true);
  await page.getByText("connection lost, retrying").waitFor();
  api.hangUp(false);
  await page.getByText("live", { exact: true }).waitFor();
});

test("asks for nothing while it is hidden or paused, and shows that", async () => {
  const { page, api } = await stage(50);
  await page.getByText("live", { exact: true }).waitFor();
  const hide = async (state: "hidden" | "visible"): Promise<void> => {
    await page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`);
  };
  await hide("hidden");
  await expect.poll(() => page.title(), Patience).toBe("❚❚ Overview · hawser");
  const { readings } = api;
  // Two readings would be due meanwhile; one may have been on its way.
  await page.waitForTimeout(2_200);
  expect(api.readings - readings).toBeLessThanOrEqual(1);
  await hide("visible");
  await expect.poll(() => api.readings, Patience).toBeGreaterThan(readings + 2);
  await page.keyboard.press("p");
  await page.getByText("paused", { exact: true }).waitFor();
  expect(await page.title()).toBe("❚❚ Overview · hawser");
});

test("is used with keys alone", async () => {
  const { page, api, errors } = await stage(50);
  await page.getByText("live", { exact: true }).waitFor();
  expect(await tabTo(page)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await page.keyboard.press("/");
  await expect.poll(() => page.evaluate("document.activeElement.id"), Patience).toBe("search");
  await page.keyboard.type("chat p?");
  expect(await page.getByRole("searchbox").inputValue()).toBe("chat p?");
  await page.getByRole("searchbox").fill("");
  await page.locator("tr[data-id] a").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  const third = await page.locator("tr[data-id] a").nth(2).textContent();
  expect(await page.evaluate("document.activeElement.textContent")).toBe(third);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Close…" }).press("Enter");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Cancel");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => api.changes, Patience).toEqual([`DELETE /streams/${third}?code=1001 1`]);
  await page.getByText("this is what was last seen of it").waitFor();
  expect(errors.filter((error) => !error.includes("404"))).toEqual([]);
});

const Views = ["Overview", "Streams", "Routes", "Upstreams", "Config", "Events"];

test("fits a phone of 360 pixels, and has no barrier there", async () => {
  const { page, errors } = await stage(50, { width: 360, height: 740 });
  for (const name of Views) {
    await goTo(page, name);
    await page.getByText("loading").waitFor({ state: "hidden" });
    expect(
      await page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth"),
    ).toBe(0);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await barriers(page)).toEqual([]);
  }
  expect(errors).toEqual([]);
});

test.each([
  { view: "Streams", says: "No stream is open." },
  { view: "Routes", says: "No route has had a WebSocket." },
  { view: "Upstreams", says: "The config has no upstream." },
  { view: "Overview", says: "no stream has closed yet" },
])("says what is missing where nothing happened yet: $view", async ({ view, says }) => {
  const { page } = await stage(0);
  await goTo(page, view);
  await page.getByText(says).waitFor();
  expect(await barriers(page)).toEqual([]);
});

test("is light or dark as the system, until the switch says otherwise", async () => {
  const { page } = await stage(0, { colorScheme: "dark", reducedMotion: "reduce" });
  const background = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const dark = await background();
  await page.keyboard.press("t");
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  const light = await background();
  expect(light).not.toBe(dark);
  await page.reload();
  await page.getByRole("button", { name: "Theme: light" }).waitFor();
  expect(await background()).toBe(light);
  await page.keyboard.press("t");
  expect(await background()).toBe(dark);
  expect(await page.evaluate("getComputedStyle(document.querySelector('.skip')).transitionDuration")).toBe("0s");
});
