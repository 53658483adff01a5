import { createHash, X509Certificate } from "node:crypto";
import { chromium } from "playwright-core";
import { launch } from "puppeteer-core";
import { ownSurroundings, tryProgram } from "../runner/surroundings.ts";

/** One page of a real browser. */
export interface BrowserPage {
  goto(url: string): Promise<void>;
  /**
   * Runs `code` in the page and returns its result as JSON carries it. `code` is sent as text: it sees its argument and
   * the page, and nothing of the file it stands in.
   */
  evaluate<Argument, Result>(code: (argument: Argument) => Promise<Result>, argument: Argument): Promise<Result>;
  /** What its console has shown of errors. */
  readonly errors: readonly string[];
  /** Ends the browser. */
  close(): Promise<void>;
}

/**
 * Opens Chromium with one page; certificates are not checked, but it caches nothing that comes by another than `trusted`
 * (PEM).
 */
export async function openChromium(trusted?: string): Promise<BrowserPage> {
  const trust = trusted === undefined ? [] : [`--ignore-certificate-errors-spki-list=${keyDigest(trusted)}`];
  const browser = await chromium.launch({
    executablePath: programOf(["chromium"]),
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync", ...trust],
    ],
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  return {
    errors,
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
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  return {
    errors,
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

function keyDigest(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

function programOf(names: readonly string[]): string {
  const path = tryProgram(names, ownSurroundings().searchPath);
  if (path === undefined) throw new Error(`${names.join(" or ")} is not installed`);
  return path;
}
