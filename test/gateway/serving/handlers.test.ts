import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { loadHandler } from "../../../src/gateway/serving/handlers.ts";

async function moduleFile(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "handler-")), "chat.mjs");
  await writeFile(file, text);
  return file;
}

describe("loadHandler", () => {
  test("echo is built in", async () => {
    expect((await loadHandler("echo")).handlerName).toBe("echo");
  });

  test("takes a module's callbacks and subprotocols", async () => {
    const file = await moduleFile(`export function onMessage() {} export const subprotocols = ["v2", "v1"];`);
    const loaded = await loadHandler(file);
    expect(loaded.handlerName).toBe("chat");
    expect(loaded.handler.onMessage).toBeTypeOf("function");
    expect(loaded.subprotocols).toEqual(["v2", "v1"]);
  });

  test("takes a module of which each message is to come in parts", async () => {
    const { handler } = await loadHandler(await moduleFile(`export function onMessageStream() {}`));
    expect(handler.onMessageStream).toBeTypeOf("function");
  });

  test.each([
    { name: "no callback", text: `export const other = 1;`, message: /must export at least one of onOpen, onMessage/ },
    { name: "a callback that is no function", text: `export const onOpen = 1;`, message: /each a function/ },
    { name: "a later one that is no function", text: `export const onPing = 1;`, message: /each a function/ },
    {
      name: "subprotocols that are none",
      text: `export function onOpen() {} export const subprotocols = ["a b"];`,
      message: /tokens/,
    },
    { name: "a syntax error", text: `export function {`, message: /cannot be loaded/ },
    { name: "an error of its own", text: `throw new Error("no database");`, message: /cannot be loaded: no database/ },
  ])("refuses a module with $name and names it", async ({ text, message }) => {
    const file = await moduleFile(text);
    await expect(loadHandler(file)).rejects.toThrow(message);
    await expect(loadHandler(file)).rejects.toThrow(file);
  });

  test("does not wait for ever for a module", async () => {
    const file = await moduleFile(`await new Promise(() => {}); export function onOpen() {}`);
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const failure = loadHandler(file).catch(String);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await failure).toMatch(/chat\.mjs cannot be loaded: not ready after 30 s$/);
  });

  test("names the module that is not there", async () => {
    await expect(loadHandler("/absent/chat.mjs")).rejects.toThrow(/\/absent\/chat\.mjs cannot be loaded/);
  });
});
