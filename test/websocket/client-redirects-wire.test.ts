import { describe, expect, test } from "vitest";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { answeringServer, ClientVersions, type ServerAnswer } from "../support/answering-server.ts";
import { clientFor, failureOf } from "../support/client-under-test.ts";
import { listenFor } from "../support/listening.ts";

const to = (location: string, status = 302): ServerAnswer => ({ status, fields: ["location", location] });

describe.each(ClientVersions)("over $protocol a redirect", (version) => {
  const { protocol } = version;
  const connect = (url: string, options: ConnectOptions = {}) => clientFor({ protocol }).connect(url, options);

  test.each([301, 302, 303, 307, 308])(
    "by %i is an error of its own as long as nothing else is said",
    async (status) => {
      const server = await answeringServer(version, () => to("/else", status));
      const error = await failureOf(connect(server.url));
      expect(error).toMatchObject({ code: "WS_REDIRECTED", response: { status } });
      expect(error.response?.fields.slice(0, 2)).toEqual(["location", "/else"]);
      expect(server.asked).toHaveLength(1);
    },
  );

  test.each([301, 302, 303, 307, 308])("by %i is followed where it may be", async (status) => {
    const server = await answeringServer(version, ({ path }) => (path === "/" ? to("/else?a=b#c", status) : {}));
    const { request } = await connect(server.url, { maxRedirects: 1, fields: ["x-own", "1", "cookie", "a=1"] });
    expect(request.path).toBe("/else?a=b");
    expect(server.asked[1]).toMatchObject({ path: "/else?a=b", fields: { "x-own": "1", cookie: "a=1" } });
  });

  test("is followed as often as it may be, and no further", async () => {
    const server = await answeringServer(version, ({ path }) =>
      path === "/" ? to("/1") : to(`/${Number(path.slice(1)) + 1}`),
    );
    expect(await failureOf(connect(server.url, { maxRedirects: 3 }))).toMatchObject({ code: "WS_REDIRECTED" });
    expect(server.asked.map(({ path }) => path)).toEqual(["/", "/1", "/2", "/3"]);
  });

  test("leads to another origin without what was meant for the first", async () => {
    const other = await answeringServer(version, () => ({}));
    const server = await answeringServer(version, () => to(`${other.url}/else`));
    const fields = ["cookie", "a=1", "x-own", "1", "authorization", "Bearer x"];
    const { request } = await connect(server.url, { maxRedirects: 1, fields, subprotocols: ["chat"] });
    expect(request.url.href).toBe(`${other.url}/else`);
    const [asked] = other.asked;
    expect(asked?.fields).toMatchObject({ "x-own": "1", "sec-websocket-protocol": "chat" });
    expect(Object.keys(asked?.fields ?? {})).not.toContain("cookie");
    expect(Object.keys(asked?.fields ?? {})).not.toContain("authorization");
  });

  test("does not tell another origin the user and password of the URL, nor takes some of its own", async () => {
    const other = await answeringServer(version, () => ({}));
    const server = await answeringServer(version, () => to(other.url.replace("ws://", "ws://evil:one@")));
    await connect(server.url.replace("ws://", "ws://user:pass@"), { maxRedirects: 1 });
    expect(Object.keys(other.asked[0]?.fields ?? {})).not.toContain("authorization");
  });

  test.each([
    { what: "to a page", location: "https://127.0.0.1/" },
    { what: "to another scheme", location: "file:///etc/passwd" },
    { what: "to what is no URL", location: "ws://" },
    { what: "to a host that is none", location: "ws://a!b/" },
    { what: "without a place", location: undefined },
  ])("$what is not followed", async ({ location }) => {
    const answer = location === undefined ? { status: 302 } : to(location);
    const server = await answeringServer(version, () => answer);
    expect(await failureOf(connect(server.url, { maxRedirects: 5 }))).toMatchObject({ code: "WS_REDIRECTED" });
    expect(server.asked).toHaveLength(1);
  });

  test("to two places is not followed", async () => {
    const fields = ["location", "/a", "location", "/b"];
    const server = await answeringServer(version, () => ({ status: 302, fields }));
    expect(await failureOf(connect(server.url, { maxRedirects: 5 }))).toMatchObject({ code: "WS_REDIRECTED" });
    expect(server.asked).toHaveLength(1);
  });

  test("from TLS to cleartext is not followed", async () => {
    const other = await answeringServer(version, () => ({}));
    const listening = await listenFor("TLS");
    const opening = connect(`wss://localhost:${listening.port}`, { maxRedirects: 5, tls: { ca: listening.ca } });
    (await listening.nextOpening()).reject({ status: 302, fields: ["location", other.url], body: "" });
    expect(await failureOf(opening)).toMatchObject({ code: "WS_REDIRECTED", response: { status: 302 } });
    expect(other.asked).toEqual([]);
  });

  test("from cleartext to TLS is followed", async () => {
    const listening = await listenFor("TLS");
    const server = await answeringServer(version, () => to(`wss://localhost:${listening.port}/safe`));
    const opening = connect(server.url, { maxRedirects: 1, tls: { ca: listening.ca } });
    (await listening.nextOpening()).accept({});
    expect((await opening).request).toMatchObject({ scheme: "https", path: "/safe" });
  });

  test("takes no more time than there is for all", async () => {
    const server = await answeringServer(version, ({ path }) => (path === "/" ? to("/silent") : undefined));
    const error = await failureOf(connect(server.url, { maxRedirects: 1, openingMs: 1_000 }));
    expect(error).toMatchObject({ code: "WS_OPENING_TIMEOUT" });
    expect(server.asked).toHaveLength(2);
    await server.allClosed();
  });
});
