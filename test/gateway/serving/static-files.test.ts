import { mkdir, mkdtemp, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { StaticFiles, type FileAnswer } from "../../../src/gateway/serving/static-files.ts";
import { fieldValues } from "../../../src/protocol/handshake/field-values.ts";
import type { FieldLines } from "../../../src/protocol/handshake/opening-request.ts";

const Modified = new Date("2026-11-01T12:00:00Z");
const Before = "Sun, 01 Nov 2026 11:00:00 GMT";
const After = "Sun, 01 Nov 2026 13:00:00 GMT";

let folder: string;
let files: StaticFiles;
let etag: string;

beforeAll(async () => {
  const outside = await mkdtemp(join(tmpdir(), "outside-"));
  folder = await mkdtemp(join(tmpdir(), "static-"));
  await mkdir(join(folder, "sub"));
  await mkdir(join(folder, "empty"));
  await mkdir(join(folder, ".hidden"));
  await Promise.all([
    writeFile(join(outside, "secret.txt"), "secret"),
    writeFile(join(outside, "index.html"), "secret"),
    writeFile(join(folder, "index.html"), "<p>home"),
    writeFile(join(folder, "app.js"), "0123456789"),
    writeFile(join(folder, "app.wasm"), "w"),
    writeFile(join(folder, "grüße.txt"), "hello"),
    writeFile(join(folder, "100%.txt"), "all"),
    writeFile(join(folder, "nothing.txt"), ""),
    writeFile(join(folder, "unknown.xyz"), "b"),
    writeFile(join(folder, "sub", "index.html"), "<p>sub"),
    writeFile(join(folder, ".env"), "secret"),
    writeFile(join(folder, ".hidden", "key.txt"), "secret"),
  ]);
  await utimes(join(folder, "app.js"), Modified, Modified);
  await Promise.all([
    symlink(join(outside, "secret.txt"), join(folder, "link.txt")),
    symlink(outside, join(folder, "linked")),
    symlink("app.js", join(folder, "same.js")),
  ]);
  files = await StaticFiles.open(folder);
  const { size, mtimeMs } = await stat(join(folder, "app.js"));
  etag = `W/"${size.toString(16)}-${mtimeMs.toString(16)}"`;
});

function ask(
  name: string,
  { method = "GET", fields = [] }: { method?: string; fields?: FieldLines } = {},
): Promise<FileAnswer> {
  return files.answer({ method, path: `/site/${name}`, fields }, name);
}

/** Status, fields and content of an answer, whatever it is. */
async function read(answer: FileAnswer): Promise<{ status: number; fields: FieldLines; content: string }> {
  if (answer.type === "refused") return { ...answer.rejection, content: String(answer.rejection.body) };
  const { status, fields, content } = answer;
  return { status, fields, content: content === undefined ? "" : await text(content.stream) };
}

describe("StaticFiles", () => {
  test.each([
    { name: "", type: "text/html; charset=utf-8", content: "<p>home" },
    { name: "index.html", type: "text/html; charset=utf-8", content: "<p>home" },
    { name: "sub/", type: "text/html; charset=utf-8", content: "<p>sub" },
    { name: "gr\u00c3\u00bc\u00c3\u009fe.txt", type: "text/plain; charset=utf-8", content: "hello" },
    { name: "100%.txt", type: "text/plain; charset=utf-8", content: "all" },
    { name: "app.js", type: "application/javascript; charset=utf-8", content: "0123456789" },
    { name: "same.js", type: "application/javascript; charset=utf-8", content: "0123456789" },
    { name: "app.wasm", type: "application/wasm", content: "w" },
    { name: "nothing.txt", type: "text/plain; charset=utf-8", content: "" },
  ])("answers '$name' with a file", async ({ name, type, content }) => {
    const answer = await read(await ask(name));
    expect(answer).toMatchObject({ status: 200, content });
    expect(fieldValues(answer.fields, "content-type")).toEqual([type]);
    expect(fieldValues(answer.fields, "content-length")).toEqual([String(content.length)]);
    expect(fieldValues(answer.fields, "x-content-type-options")).toEqual(["nosniff"]);
    expect(fieldValues(answer.fields, "cache-control")).toEqual(["no-cache"]);
  });

  test.each([
    "absent",
    "empty/",
    "app.js/",
    ".env",
    ".hidden/key.txt",
    ".hidden/",
    "link.txt",
    "linked",
    "linked/",
    "linked/secret.txt",
    "../static-files.ts",
    "sub/../app.js",
    "gr\u00fc\u00dfe.txt",
    "app.js\0",
    "%61pp.js",
  ])("answers '%s' with 404", async (name) => {
    expect((await ask(name)).type).toBe("refused");
    expect(await read(await ask(name))).toMatchObject({ status: 404 });
  });

  test("answers HEAD without content", async () => {
    const answer = await ask("app.js", { method: "HEAD" });
    expect(answer).toMatchObject({ type: "file", status: 200, content: undefined });
    expect(fieldValues((await read(answer)).fields, "content-length")).toEqual(["10"]);
  });

  test("has no range for HEAD", async () => {
    const answer = await read(await ask("app.js", { method: "HEAD", fields: ["range", "bytes=2-4"] }));
    expect(answer.status).toBe(200);
    expect(fieldValues(answer.fields, "content-length")).toEqual(["10"]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("answers %s with 405", async (method) => {
    const answer = await read(await ask("app.js", { method }));
    expect(answer.status).toBe(405);
    expect(fieldValues(answer.fields, "allow")).toEqual(["GET, HEAD"]);
  });

  test.each([
    { name: "", path: "/site", location: "/site/" },
    { name: "", path: "/site?a=/", location: "/site/?a=/" },
    { path: "/site/sub", location: "/site/sub/" },
    { path: "/site/sub?a=b?c", location: "/site/sub/?a=b?c" },
    { path: "//evil.example/sub", location: "/evil.example/sub/" },
    { path: "/\\evil.example/sub", location: "/evil.example/sub/" },
  ])("sends $path of a folder to $location", async ({ name = "sub", path, location }) => {
    const answer = await read(await files.answer({ method: "GET", path, fields: [] }, name));
    expect(answer.status).toBe(301);
    expect(fieldValues(answer.fields, "location")).toEqual([location]);
  });

  test.each([
    { range: "bytes=2-4", status: 206, content: "234", told: "bytes 2-4/10" },
    { range: "bytes=7-", status: 206, content: "789", told: "bytes 7-9/10" },
    { range: "bytes=-2", status: 206, content: "89", told: "bytes 8-9/10" },
    { range: "bytes=0-99", status: 206, content: "0123456789", told: "bytes 0-9/10" },
    { range: "bytes=10-", status: 416, content: "The file has no such range.\n", told: "bytes */10" },
    { range: "lines=1-2", status: 200, content: "0123456789", told: undefined },
    { range: "bytes=0-1,4-5", status: 200, content: "0123456789", told: undefined },
  ])("answers $range with $status", async ({ range, status, content, told }) => {
    const answer = await read(await ask("app.js", { fields: ["range", range] }));
    expect(answer).toMatchObject({ status, content });
    expect(fieldValues(answer.fields, "content-range")[0]).toBe(told);
  });

  test.each([
    { condition: "if-none-match", value: () => etag, status: 304 },
    { condition: "if-none-match", value: () => `"other", ${etag}`, status: 304 },
    { condition: "if-none-match", value: () => `"other"`, status: 200 },
    { condition: "if-modified-since", value: () => After, status: 304 },
    { condition: "if-modified-since", value: () => Before, status: 200 },
    { condition: "if-match", value: () => `"other"`, status: 412 },
    { condition: "if-unmodified-since", value: () => Before, status: 412 },
    { condition: "if-range", value: () => Before, status: 200 },
    { condition: "if-range", value: () => After, status: 206 },
  ])("answers $condition with $status", async ({ condition, value, status }) => {
    const fields = [condition, value(), ...(condition === "if-range" ? ["range", "bytes=0-1"] : [])];
    const answer = await read(await ask("app.js", { fields }));
    expect(answer.status).toBe(status);
    expect(fieldValues(answer.fields, "etag")).toEqual(status === 412 ? [] : [etag]);
    expect(answer.content === "").toBe(status === 304);
  });

  test("names the folder that is not there", async () => {
    await expect(StaticFiles.open(join(folder, "absent"))).rejects.toThrow(/absent/);
  });
});
