import { chromium } from "playwright-core";
import { launch } from "puppeteer-core";
import { tryProgram } from "../runner/system-packages.ts";

/** One page of a real browser. */
export interface BrowserPage {
  goto(url: string): Promise<void>;
  /**
   * Runs `code` in the page and returns its result as JSON carries it. `code` is sent as text: it sees its argument and
   * the page, and nothing of the file it stands in.
   */
  evaluate<Argument, Result>(code: (argument: Argument) => Promise<Result>, argument: Argument): Promise<Result>;
  /** Ends the browser. */
  close(): Promise<void>;
}

/** Opens Chromium with one page; certificates are not checked. */
export async function openChromium(): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: programOf(["chromium"]),
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: (code, argument) => page.evaluate(callOf(code, argument)),
    close: () => browser.close(),
  };
}

/** Opens Firefox with one page; certificates are not checked. */
export async function openFirefox(): Promise<BrowserPage> {
  const browser = await launch({
    browser: "firefox",
    executablePath: programOf(["firefox-esr", "firefox"]),
    headless: true,
    acceptInsecureCerts: true,
  });
  const page = await browser.newPage();
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: async <Result>(code: unknown, argument: unknown) =>
      (await page.evaluate(callOf(code, argument))) as Result,
    close: () => browser.close(),
  };
}

/** As text, since not every transport of code keeps an async function async. */
function callOf(code: unknown, argument: unknown): string {
  return `(${String(code)})(${JSON.stringify(argument)})`;
}

function programOf(names: readonly string[]): string {
  const path = tryProgram(names);
  if (path === undefined) throw new Error(`${names.join(" or ")} is not installed`);
  return path;
}
