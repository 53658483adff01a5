import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { StaticFiles } from "../../../src/gateway/serving/static-files.ts";

let folder: string;
let files: StaticFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "static-"));
  await mkdir(join(folder, "sub"));
  await mkdir(join(folder, ".hidden"));
  await Promise.all([
    writeFile(join(folder, "index.html"), "<p>home"),
    writeFile(join(folder, "app.js"), "1"),
    writeFile(join(folder, "grüße.txt"), "hello"),
    writeFile(join(folder, "unknown.bin"), "b"),
    writeFile(join(folder, "sub", "index.html"), "<p>sub"),
    writeFile(join(folder, ".env"), "secret"),
    writeFile(join(folder, ".hidden", "key.txt"), "secret"),
    symlink("/etc/hostname", join(folder, "link.txt")),
  ]);
  files = await StaticFiles.read(folder);
});

describe("StaticFiles", () => {
  test.each([
    { path: "", type: "text/html; charset=utf-8", body: "<p>home" },
    { path: "index.html", type: "text/html; charset=utf-8", body: "<p>home" },
    { path: "sub/", type: "text/html; charset=utf-8", body: "<p>sub" },
    { path: "gr\u00c3\u00bc\u00c3\u009fe.txt", type: "text/plain; charset=utf-8", body: "hello" },
    { path: "app.js", type: "text/javascript; charset=utf-8", body: "1" },
    { path: "unknown.bin", type: "application/octet-stream", body: "b" },
  ])("answers '$path' with a file", ({ path, type, body }) => {
    const answer = files.answer("GET", path);
    expect(answer.status).toBe(200);
    expect(answer.fields.slice(0, 2)).toEqual(["content-type", type]);
    expect(Buffer.from(answer.body).toString()).toBe(body);
  });

  test.each(["sub", "absent", ".env", ".hidden/key.txt", "link.txt", "../static-files.ts"])(
    "answers '%s' with 404",
    (path) => {
      expect(files.answer("GET", path).status).toBe(404);
    },
  );

  test("takes GET and HEAD only", () => {
    expect(files.answer("HEAD", "app.js").status).toBe(200);
    const refused = files.answer("POST", "app.js");
    expect(refused.status).toBe(405);
    expect(refused.fields).toContain("GET, HEAD");
  });

  test("names the file that is too large", async () => {
    const large = await mkdtemp(join(tmpdir(), "static-"));
    await writeFile(join(large, "big.bin"), Buffer.alloc(1_048_577));
    await expect(StaticFiles.read(large)).rejects.toThrow(/big\.bin is larger than 1048576 bytes/);
  });

  test("names the folder that has too many files", async () => {
    const many = await mkdtemp(join(tmpdir(), "static-"));
    await Promise.all(Array.from({ length: 257 }, (_, index) => writeFile(join(many, `${index}`), "")));
    await expect(StaticFiles.read(many)).rejects.toThrow(/has more than 256 files/);
  });

  test("names the folder that is not there", async () => {
    await expect(StaticFiles.read(join(folder, "absent"))).rejects.toThrow(/absent/);
  });
});
