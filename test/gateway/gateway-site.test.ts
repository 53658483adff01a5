import { randomBytes } from "node:crypto";
import { connect, type ClientHttp2Session } from "node:http2";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { contentOf, HttpVersions, requestOnce } from "../support/gateway-requests.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";

const FileCount = 300;
const App = "0123456789";

function startSite(files: Readonly<Record<string, string>>) {
  return startGatewayUnderTest({ routes: [{ name: "site", pathPrefix: "/site", root: "site" }] }, files);
}

describe.each(HttpVersions)("a site on HTTP/%s", (httpVersion) => {
  test.each([
    { wish: { path: "/site/" }, status: 200, body: "<p>home", type: "text/html; charset=utf-8" },
    { wish: { path: "/site/app.js?v=1" }, status: 200, body: App, type: "application/javascript; charset=utf-8" },
    { wish: { path: "/site/%61pp.js" }, status: 200, body: App, type: "application/javascript; charset=utf-8" },
    {
      wish: { path: "/site/app.js", method: "HEAD" },
      status: 200,
      body: "",
      type: "application/javascript; charset=utf-8",
    },
    { wish: { path: "/site/app.js", fields: [["range", "bytes=2-4"] as const] }, status: 206, body: "234" },
    { wish: { path: "/site/app.js", method: "POST" }, status: 405, body: "Only GET and HEAD are answered here.\n" },
    { wish: { path: "/site/absent" }, status: 404, body: "There is no such file.\n" },
    { wish: { path: "/site/.env" }, status: 404, body: "There is no such file.\n" },
    { wish: { path: "/site/%2e%2e/hawser.yaml" }, status: 404, body: "There is nothing here.\n" },
    { wish: { path: "/site" }, status: 301, body: "The folder is there with a slash behind it.\n" },
    { wish: { path: "/site/sub" }, status: 301, body: "The folder is there with a slash behind it.\n" },
  ])("answers $wish with $status", async ({ wish, status, body, type }) => {
    const files = {
      "site/index.html": "<p>home",
      "site/app.js": App,
      "site/.env": "secret",
      "site/sub/index.html": "x",
    };
    const gateway = await startSite(files);
    const answer = await requestOnce(gateway.port, httpVersion, wish);
    expect(answer).toMatchObject({ status, end: "whole" });
    expect(contentOf(answer).toString()).toBe(body);
    expect(type === undefined || answer.fields["content-type"] === type).toBe(true);
  });

  test("tells a client whether its copy is still good", async () => {
    const gateway = await startSite({ "site/app.js": App });
    const { fields } = await requestOnce(gateway.port, httpVersion, { path: "/site/app.js" });
    const condition = ["if-none-match", String(fields["etag"])] as const;
    const again = await requestOnce(gateway.port, httpVersion, { path: "/site/app.js", fields: [condition] });
    expect(again).toMatchObject({ status: 304, end: "whole" });
    expect(contentOf(again)).toHaveLength(0);
  });
});

test("a site of 300 files goes over one HTTP/2 connection", async () => {
  const content = randomBytes(20_000).toString("hex");
  const names = Array.from({ length: FileCount }, (_, index) => `file-${index}.txt`);
  const gateway = await startSite(Object.fromEntries(names.map((name) => [`site/${name}`, `${name}${content}`])));
  const session = connect(`http://127.0.0.1:${gateway.port}`);
  onTestFinished(() => session.destroy());
  const bodies: Buffer[] = [];
  // As many at once as a browser asks for.
  for (let at = 0; at < FileCount; at += 100) {
    bodies.push(...(await Promise.all(names.slice(at, at + 100).map((name) => get(session, `/site/${name}`)))));
  }
  expect(bodies.map((body) => body.toString())).toEqual(names.map((name) => `${name}${content}`));
  await gateway.settles("hawser_http_requests_total", { route: "site", result: "answered", status: "2xx" }, FileCount);
});

async function get(session: ClientHttp2Session, path: string): Promise<Buffer> {
  return await buffer(session.request({ ":path": path }));
}
