import { describe, expect, test } from "vitest";
import type { AdminAnswer } from "../../../src/gateway/admin/admin-answer.ts";
import { tryEndpoint, type AdminRequest } from "../../../src/gateway/admin/admin-endpoint.ts";
import { consoleEndpoints } from "../../../src/gateway/admin/console-assets.ts";
import { configFolder } from "../../support/config-folder.ts";

const Files = {
  "index.html": "<!doctype html>",
  "console-ABCD1234.js": "run()",
  "console-ABCD1234.css": "a{}",
  "console.js": "run()",
  ".secret.json": "{}",
  "notes.md": "no",
};

async function asked(path: string, fields: AdminRequest["fields"] = {}, files: Record<string, string> = Files) {
  const folder = await configFolder(files);
  const found = tryEndpoint(consoleEndpoints(folder), path);
  const request = { method: "GET", path, query: new URLSearchParams(), address: "127.0.0.1", fields };
  const answer: AdminAnswer | undefined = await found?.endpoint.methods.GET?.(request, found.argument);
  if (answer?.kind !== "whole") throw new Error("not an answer as a whole");
  return { ...answer, body: Buffer.from(answer.body).toString() };
}

describe("a file of the console", () => {
  test.each([
    { path: "/console", status: 200, type: "text/html; charset=utf-8", lifetime: "no-cache" },
    { path: "/console/", status: 200, type: "text/html; charset=utf-8", lifetime: "no-cache" },
    {
      path: "/console/console-ABCD1234.js",
      status: 200,
      type: "text/javascript; charset=utf-8",
      lifetime: "public, max-age=31536000, immutable",
    },
    {
      path: "/console/console-ABCD1234.css",
      status: 200,
      type: "text/css; charset=utf-8",
      lifetime: "public, max-age=31536000, immutable",
    },
    { path: "/console/console.js", status: 200, type: "text/javascript; charset=utf-8", lifetime: "no-cache" },
  ])("$path lives $lifetime", async ({ path, status, type, lifetime }) => {
    const answer = await asked(path);
    expect([answer.status, answer.type, answer.fields["cache-control"]]).toEqual([status, type, lifetime]);
  });

  test.each([
    "/console/none.js",
    "/console/.secret.json",
    "/console/notes.md",
    "/console/../index.html",
    "/console/%2e%2e/index.html",
    "/console/a/index.html",
    "/console//etc/passwd",
  ])("%s is not there", async (path) => {
    expect((await asked(path)).status).toBe(404);
  });

  test("may do nothing that another page could profit from", async () => {
    const { fields } = await asked("/console");
    expect(fields["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(fields["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(fields["content-security-policy"]).not.toContain("unsafe");
    expect(fields).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
  });

  test("is sent once to who keeps it", async () => {
    const { fields } = await asked("/console");
    const again = await asked("/console", { "if-none-match": `"other", ${fields["etag"]}` });
    expect([again.status, again.body]).toEqual([304, ""]);
  });
});

test("a console that was not built says how that is done", async () => {
  const answer = await asked("/console", {}, {});
  expect(answer.status).toBe(503);
  expect(answer.body).toBe("the console is not built here: npm run build:console does that\n");
});
