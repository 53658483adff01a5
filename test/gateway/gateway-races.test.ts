import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { FileWatch } from "../../src/gateway/lifecycle/file-watch.ts";
import { createGateway, startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { answers, freePort } from "../support/ports.ts";

const Echo = { name: "echo", path: "/echo", handler: "echo" };

/** The ports that `log` says something listens on. */
function portsIn(log: readonly string[]): number[] {
  return log.flatMap((line) => {
    const port = /\b(?:listening|admin)\b.* http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    return port === undefined ? [] : [Number(port)];
  });
}

const openPorts = async (log: readonly string[]): Promise<number> => {
  const open = await Promise.all(portsIn(log).map(answers));
  return open.filter((isOpen) => isOpen).length;
};

test("a drain while it starts drains what has started", async () => {
  const { gateway, log } = await createGateway({ routes: [Echo] });
  const started = gateway.start();
  await Promise.all([started, gateway.drain()]);
  expect(portsIn(log)).toHaveLength(2);
  // The admin port lives until it stops.
  expect(await openPorts(log)).toBe(1);
  expect(await gateway.reload()).toMatchObject({ reason: "the gateway is draining" });
});

test("a stop while it starts leaves nothing open", async () => {
  const { gateway, log } = await createGateway({ routes: [Echo] });
  const started = gateway.start();
  await gateway.stop();
  await started;
  expect(portsIn(log)).toHaveLength(2);
  expect(await openPorts(log)).toBe(0);
});

test("an abort while it starts leaves nothing open, and no process", async () => {
  const own = { addresses: ["ws://127.0.0.1:9"], command: ["node", "-e", "setInterval(() => {}, 1000)"] };
  const { gateway, log } = await createGateway({ routes: [{ path: "/", upstream: "own" }], upstreams: { own } });
  const started = gateway.start();
  gateway.abort();
  await expect(started).rejects.toThrow("stopped before it had started");
  await gateway.stop();
  expect(await openPorts(log)).toBe(0);
  expect(process.getActiveResourcesInfo()).not.toContain("ProcessWrap");
});

test("an abort alone closes the ports too", async () => {
  const gateway = await startGatewayUnderTest({ routes: [Echo] });
  gateway.gateway.abort();
  await vi.waitFor(async () => expect(await openPorts(gateway.log)).toBe(0));
});

test("a config that changes between its reading and the start is taken over", async () => {
  const { gateway, log, folder, textOf } = await createGateway({ routes: [Echo], reload: { watch: true } });
  const next = { routes: [Echo, { ...Echo, name: "new", path: "/new" }], reload: { watch: true } };
  await writeFile(join(folder, "hawser.yaml"), textOf(next));
  await gateway.start();
  await vi.waitFor(() => expect(log.at(-1)).toMatch(/config 2 taken over: routes \+new$/), 8_000);
});

test("a start that fails watches no file any more", async () => {
  const target = { routes: [{ path: "/", handler: "./none.mjs" }], reload: { watch: true } };
  const { gateway } = await createGateway(target, { "none.mjs": "export const nothing = 1;" });
  const close = vi.spyOn(FileWatch.prototype, "close");
  onTestFinished(() => close.mockRestore());
  await expect(gateway.start()).rejects.toThrow("must export at least one");
  expect(close).toHaveBeenCalledOnce();
});

test.each(["drain", "stop"] as const)(
  "a reload that a %s overtakes changes nothing and leaves nothing open",
  async (what) => {
    const { gateway, log, folder, textOf } = await createGateway({ routes: [Echo] });
    await gateway.start();
    const admin = await freePort();
    const listeners = [
      { name: "main", address: "127.0.0.1:0" },
      { name: "late", address: "127.0.0.1:0" },
    ];
    const next = { routes: [Echo], listeners, admin: { address: `127.0.0.1:${admin}` } };
    await writeFile(join(folder, "hawser.yaml"), textOf(next));
    const reloaded = gateway.reload();
    const ended = gateway[what]();
    await ended;
    expect(await answers(admin)).toBe(false);
    expect(await reloaded).toMatchObject({ type: "refused" });
    expect(await openPorts(log)).toBe(what === "drain" ? 1 : 0);
  },
);

test("a stop is over when a reload that it has overtaken is", async () => {
  const reading = Promise.withResolvers<void>();
  const beforeLoad = vi.fn<() => Promise<void>>().mockResolvedValueOnce().mockReturnValueOnce(reading.promise);
  const { gateway } = await createGateway({ routes: [Echo] }, {}, beforeLoad);
  await gateway.start();
  const reloaded = gateway.reload();
  const first = Promise.race([gateway.stop().then(() => "stop"), reloaded.then(() => "reload")]);
  await gateway.drain();
  reading.resolve();
  expect(await first).toBe("reload");
});
