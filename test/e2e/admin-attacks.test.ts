import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openChromium, openFirefox, type BrowserPage } from "../support/browsers.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";

let gateway: GatewayProcess;
let stranger: Server;
let strangerUrl = "";

beforeAll(async () => {
  gateway = await startGateway({
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    routes: [{ path: "/echo", handler: "echo" }],
  });
  stranger = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>hello"));
  stranger.listen(0, "127.0.0.1");
  await once(stranger, "listening");
  const address = stranger.address();
  strangerUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
});

afterAll(async () => {
  stranger.closeAllConnections();
  stranger.close();
  await gateway.stop();
});

/** What a page gets for requests of each kind: a status, `opaque` for what it may not see, or `refused` by the browser. */
async function attempts({ admin }: { readonly admin: string }): Promise<Record<string, string>> {
  const ask = async (path: string, init: RequestInit): Promise<string> => {
    try {
      const { type, status } = await fetch(`${admin}${path}`, init);
      return type === "opaque" ? "opaque" : String(status);
    } catch {
      return "refused";
    }
  };
  const marked = { "x-hawser-request": "1" };
  return {
    read: await ask("/streams", {}),
    drain: await ask("/drain", { method: "POST" }),
    blindDrain: await ask("/drain", { method: "POST", mode: "no-cors" }),
    markedDrain: await ask("/drain", { method: "POST", headers: marked }),
    close: await ask("/streams/1", { method: "DELETE", headers: marked }),
  };
}

describe.each([
  { name: "Chromium", open: () => openChromium() },
  { name: "Firefox", open: openFirefox },
])("in $name", ({ open }) => {
  let page: BrowserPage;
  beforeAll(async () => {
    page = await open();
  });
  afterAll(() => page.close());

  test("a page of another port reads nothing and does nothing", async () => {
    await page.goto(strangerUrl);
    expect(await page.evaluate(attempts, { admin: gateway.admin })).toEqual({
      read: "refused",
      drain: "refused",
      blindDrain: "opaque",
      markedDrain: "refused",
      close: "refused",
    });
    expect(await (await fetch(`${gateway.admin}/readyz`)).text()).toBe("ready\n");
  });

  test("a page whose name was made to lead here is a stranger, though the browser takes it for the same origin", async () => {
    const { port } = new URL(gateway.admin);
    // Browsers have every name below localhost lead to this machine.
    const admin = `http://rebound.localhost:${port}`;
    await page.goto(`${admin}/livez`);
    expect(await page.evaluate(attempts, { admin })).toEqual({
      read: "403",
      drain: "403",
      blindDrain: "403",
      markedDrain: "403",
      close: "403",
    });
    expect(await (await fetch(`${gateway.admin}/readyz`)).text()).toBe("ready\n");
  });

  test("a page of the port itself may look, and act where it says so", async () => {
    await page.goto(`${gateway.admin}/livez`);
    const own = async ({ admin }: { readonly admin: string }) => {
      const statusOf = async (init: RequestInit) => (await fetch(`${admin}/streams/1`, init)).status;
      const headers = { "x-hawser-request": "1" };
      return [
        (await fetch(`${admin}/streams`)).status,
        await statusOf({ method: "DELETE" }),
        await statusOf({ method: "DELETE", headers }),
      ];
    };
    expect(await page.evaluate(own, { admin: gateway.admin })).toEqual([200, 403, 404]);
  });
});
