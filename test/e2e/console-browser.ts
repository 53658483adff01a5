import axe, { type AxeResults } from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { ownSurroundings, tryProgram } from "../runner/surroundings.ts";

/** How a reader looks at the console. */
export interface ConsoleLook {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: "reduce";
}

/** The console in a real Chromium. */
export interface ConsolePage {
  readonly page: Page;
  readonly browser: Browser;
  /** What the browser's console has shown of errors. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Opens Chromium at the console of the admin port at `admin`. */
export async function openConsole(admin: string, look: ConsoleLook = {}): Promise<ConsolePage> {
  const executablePath = tryProgram(["chromium"], ownSurroundings().searchPath);
  if (executablePath === undefined) throw new Error("chromium is not installed");
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath, args });
  const { width = 1280, height = 800, colorScheme = "light", reducedMotion = null } = look;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${admin}/console`);
  return { page, browser, errors, close: () => browser.close() };
}

/** What is wrong with the page for people who cannot see it well, or use no mouse: a line for each fault. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  );
}

/** Presses Tab, and says what has the focus then. */
export async function tabTo(page: Page): Promise<string> {
  await page.keyboard.press("Tab");
  return page.evaluate("(document.activeElement.textContent || document.activeElement.ariaLabel || '').trim()");
}

/** A task of the page, in milliseconds: from its begin to its end, and of that with a processor. */
export interface PageTask {
  readonly wallMs: number;
  readonly processorMs: number;
}

/** What a page did while something went on. */
export interface PageWork {
  /** Those of its main thread, as the browser's trace has them. */
  readonly tasks: readonly PageTask[];
  /** How many of 50 ms or more the page itself was told of, by the clock on the wall. */
  readonly longTasks: number;
}

/** What `page` does while `work` goes on. */
export async function tasksDuring(
  { browser, page }: Pick<ConsolePage, "browser" | "page">,
  work: () => Promise<void>,
): Promise<PageWork> {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  await page.evaluate(`longTasks = 0;
    new PerformanceObserver((list) => longTasks += list.getEntries().length).observe({ entryTypes: ["longtask"] })`);
  await work();
  const longTasks = Number(await page.evaluate("longTasks"));
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const mains = trace.traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const threads = new Set(mains.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = trace.traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && threads.has(`${pid} ${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, processorMs: tdur / 1000 }));
  return { tasks, longTasks };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}
