import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { AddressConfig } from "../../../src/gateway/config/config.ts";
import type { UpstreamConnection } from "../../../src/gateway/serving/upstream-connections.ts";
import type { UpstreamTls } from "../../../src/transport/upstream-address.ts";
import { testCertificate, type TestCertificate } from "../../support/certificates.ts";
import { httpServer, listening, loopback, proxyTo } from "../../support/proxying.ts";

/** An upstream that says its name, and who connected. */
async function named(name: string): Promise<{ address: AddressConfig; clients: () => readonly string[] }> {
  const clients: string[] = [];
  const { server, address } = await httpServer((_, response) => response.end(name));
  server.on("connection", ({ remoteAddress }) => clients.push(remoteAddress ?? ""));
  return { address, clients: () => clients };
}

/** Past the rest of this turn of the event loop, in which a connection is given back. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("the connections to an upstream", () => {
  test("are used again", async () => {
    const { address, clients } = await named("a");
    const proxy = proxyTo([address]);
    for (let i = 0; i < 5; i++) expect(await proxy.answer()).toMatchObject({ status: 200 });
    await Promise.all([proxy.answer(), proxy.answer()]);
    for (let i = 0; i < 5; i++) expect(await proxy.answer()).toMatchObject({ status: 200 });
    expect(clients()).toHaveLength(2);
  });

  test("are not used again behind a response that closes them", async () => {
    const { server, address } = await httpServer((_, response) => response.setHeader("connection", "close").end());
    let connections = 0;
    server.on("connection", () => connections++);
    const proxy = proxyTo([address]);
    for (let i = 0; i < 3; i++) expect(await proxy.answer()).toMatchObject({ status: 200 });
    expect(connections).toBe(3);
  });

  test.each([1, 3])(
    "are no more than %i where so many may be, and requests have them in turn",
    async (maxConnections) => {
      const asked: string[] = [];
      const { server, address } = await httpServer((request, response) => {
        asked.push(request.url ?? "");
        setImmediate(() => response.end());
      });
      let connections = 0;
      server.on("connection", () => connections++);
      const proxy = proxyTo([address], { maxConnections });
      const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);
      const exchanges = await Promise.all(paths.map((path) => proxy.answer({ path })));
      expect(exchanges.map(({ status }) => status)).toEqual(paths.map(() => 200));
      expect(new Set(asked)).toEqual(new Set(paths));
      expect(connections).toBe(maxConnections);
      // Those that go over different connections may overtake one another.
      const turns = asked.map((path) => paths.indexOf(path));
      expect(turns.every((turn, index) => Math.abs(turn - index) < maxConnections)).toBe(true);
    },
  );

  test("go to whoever waits before they go to whoever comes", async () => {
    const { address } = await named("a");
    const { http } = proxyTo([address], { maxConnections: 1 });
    const served: string[] = [];
    let taken: UpstreamConnection | undefined;
    const ask = (name: string) => {
      const take = (connection: UpstreamConnection | undefined) => {
        served.push(name);
        taken = connection;
      };
      http.connect({ take }, http.inTurn());
    };
    ask("first");
    ask("waiting");
    taken?.release(true);
    ask("new");
    await nextTurn();
    taken?.release(true);
    await nextTurn();
    expect(served).toEqual(["first", "waiting", "new"]);
  });

  test("are waited for to addresses not tried yet, which holds nobody up who asks for others", async () => {
    const [a, b] = [loopback(1), loopback(2)];
    const { http } = proxyTo([a, b], { maxConnections: 1 });
    const served: string[] = [];
    const ask = (name: string, addresses: readonly AddressConfig[]) => {
      let taken: UpstreamConnection | undefined;
      const take = (connection: UpstreamConnection | undefined) => {
        served.push(`${name} ${connection?.address.authority}`);
        taken = connection;
      };
      http.connect({ take }, addresses);
      return () => taken?.release(false);
    };
    const release = { b: ask("first", [b]), a: ask("second", [a]) };
    ask("waiting", [b]);
    release.a();
    await nextTurn();
    ask("third", [b, a]);
    expect(served).toEqual([`first ${b.authority}`, `second ${a.authority}`, `third ${a.authority}`]);
    release.b();
    await nextTurn();
    expect(served.at(-1)).toBe(`waiting ${b.authority}`);
  });

  test("lead to each address in turn", async () => {
    const [a, b] = [await named("a"), await named("b")];
    const proxy = proxyTo([a.address, b.address]);
    const texts: string[] = [];
    for (let i = 0; i < 4; i++) texts.push((await proxy.answer()).text);
    expect(texts).toEqual(["a", "b", "a", "b"]);
  });

  test("come from each source address in turn", async () => {
    const { address, clients } = await named("a");
    const proxy = proxyTo([address], { sourceAddresses: ["127.0.0.2", "127.0.0.3"] });
    await Promise.all([proxy.answer(), proxy.answer(), proxy.answer()]);
    expect(clients().toSorted((one, other) => one.localeCompare(other))).toEqual([
      "127.0.0.2",
      "127.0.0.2",
      "127.0.0.3",
    ]);
  });

  test("may go over a unix socket", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "unix-")), "app.sock");
    const server = createHttpServer((request, response) => response.end(request.headers.host));
    onTestFinished(() => void server.close());
    server.listen(path);
    await once(server, "listening");
    const proxy = proxyTo([{ url: "", authority: "localhost", transport: { type: "unix", path }, tls: undefined }]);
    expect(await proxy.answer({}, { type: "upstream" })).toMatchObject({ status: 200, text: "localhost" });
  });
});

describe("an upstream behind TLS", () => {
  let certificate: TestCertificate;
  beforeAll(async () => {
    certificate = await testCertificate(["app.internal"]);
  });

  test.each<{ name: string; tls: (ca: string) => UpstreamTls; status: number }>([
    { name: "its name and authority", tls: (ca) => ({ ca, serverName: "app.internal", verify: true }), status: 200 },
    { name: "another name", tls: (ca) => ({ ca, serverName: "other.internal", verify: true }), status: 502 },
    { name: "no name", tls: (ca) => ({ ca, serverName: undefined, verify: true }), status: 502 },
    {
      name: "the authorities of the world",
      tls: () => ({ ca: undefined, serverName: "app.internal", verify: true }),
      status: 502,
    },
    { name: "nothing at all", tls: () => ({ ca: undefined, serverName: undefined, verify: false }), status: 200 },
  ])("is answered $status where it is held against $name", async ({ tls, status }) => {
    const { certificate: cert, key } = certificate;
    const server = createHttpsServer({ cert, key }, (_, response) => response.end());
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const address = await listening(server);
    const proxy = proxyTo([{ ...address, tls: tls(cert) }]);
    // Whatever host the client asks for is no matter of the connection.
    const statuses: number[] = [];
    for (const authority of ["a.example", "b.example"]) statuses.push((await proxy.answer({ authority })).status);
    expect(statuses).toEqual([status, status]);
  });
});

describe("an upstream that the config has no more", () => {
  test("lets its requests finish, those too that wait, and then closes", async () => {
    const { server, address } = await httpServer((_, response) => void setImmediate(() => response.end("hello")));
    const proxy = proxyTo([address], { maxConnections: 1 });
    await proxy.answer();
    const requests = [proxy.answer(), proxy.answer()];
    await proxy.http.close();
    expect(await Promise.all(requests)).toMatchObject([{ text: "hello" }, { text: "hello" }]);
    server.close();
    await once(server, "close");
  });

  test("closes at once where there is no request", async () => {
    const { server, address } = await httpServer((_, response) => response.end());
    const proxy = proxyTo([address]);
    await proxy.answer();
    await nextTurn();
    await proxy.http.close();
    server.close();
    await once(server, "close");
  });

  test("is cut off with the gateway", async () => {
    const { server, address } = await httpServer(() => undefined);
    const proxy = proxyTo([address], { maxConnections: 1 });
    const first = proxy.ask();
    await once(server, "request");
    const waiting = proxy.ask();
    await proxy.http.destroy();
    await Promise.all([first.over.promise, waiting.over.promise]);
    expect([first.status, waiting.status]).toEqual([502, 503]);
    expect(await proxy.answer()).toMatchObject({ status: 503 });
    server.close();
    await once(server, "close");
  });
});
