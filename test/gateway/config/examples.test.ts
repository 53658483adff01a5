import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configJsonSchema } from "../../../src/gateway/config/json-schema.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const Root = join(import.meta.dirname, "../../..");
const Examples = (await readdir(join(Root, "config"))).filter((file) => file.endsWith(".yaml"));

test("there are examples", () => {
  expect(Examples).toEqual(expect.arrayContaining(["demo.yaml", "gateway.yaml"]));
});

describe.each(Examples)("config/%s", (example) => {
  const file = join(Root, "config", example);

  test("tells editors of the schema, where it is", async () => {
    const [line = ""] = (await readFile(file, "utf8")).split("\n");
    const [, path = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(line) ?? [];
    expect(resolve(dirname(file), path)).toBe(join(Root, "config/schema.json"));
  });

  test("fits the schema that editors get", async () => {
    const schema = z.fromJSONSchema(JSON.parse(await readFile(join(Root, "config/schema.json"), "utf8")));
    const value: unknown = parse(await readFile(file, "utf8"));
    expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
    expect(schema.safeParse({ ...Object(value), limits: { maxStreams: "many" } }).success).toBe(false);
  });
});

describe("the schema that editors get", () => {
  const schema = z.fromJSONSchema(Object(configJsonSchema()));
  test.each([
    { value: {}, fits: true },
    { value: { limits: { maxStreams: 3 } }, fits: true },
    { value: { limits: { maxStreams: "${N:-3}" } }, fits: true },
    { value: { limits: { maxStreams: 0 } }, fits: false },
    { value: { limits: { maxStreams: "3" } }, fits: false },
    { value: { limits: { maxStreamsPerAddress: "off" } }, fits: true },
    { value: { limits: { maxStreamsPerAddress: "${N}" } }, fits: true },
    { value: { limits: { maxStreamsPerAddress: "on" } }, fits: false },
    { value: { reload: { watch: "${WATCH}" } }, fits: true },
    { value: { reload: { watch: "yes" } }, fits: false },
    { value: { access: { origins: "any" } }, fits: true },
    { value: { access: { origins: "${ORIGINS}" } }, fits: true },
    { value: { access: { origins: ["https://a"] } }, fits: true },
    { value: { access: { origins: "all" } }, fits: false },
    { value: { routes: [{ name: "${NAME}", handler: "echo" }] }, fits: true },
    { value: { routes: [{ name: "a b", handler: "echo" }] }, fits: false },
    { value: { routes: [{ nme: "a" }] }, fits: false },
    { value: { listeners: [{ address: "${ADDRESS}", protocols: ["${P}"] }] }, fits: true },
    { value: { listeners: [{ address: "a:1", protocols: ["h3"] }] }, fits: false },
    { value: { upstreams: { a: { addresses: ["ws://${A}"], command: ["node", "${X}"] } } }, fits: true },
    { value: { upstreams: { a: {} } }, fits: false },
    { value: { foo: 1 }, fits: false },
  ])("takes $value: $fits", ({ value, fits }) => {
    expect(schema.safeParse(value).success).toBe(fits);
  });

  test("is JSON Schema of the draft it names, with all references inside", () => {
    const text = JSON.stringify(configJsonSchema());
    expect(configJsonSchema()).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
    });
    expect(new Set(Array.from(text.matchAll(/"\$ref":"([^"]*)"/g), ([, reference]) => reference))).toEqual(
      new Set(["#/$defs/reference"]),
    );
  });
});

test("config/gateway.yaml is valid where its certificates are, and nothing in it is worth a warning", async () => {
  const folder = await configFolder({ "tls/x": "" });
  await copyFile(join(Root, "config/gateway.yaml"), join(folder, "gateway.yaml"));
  const [chat, ops] = [await testCertificate(["chat.example.com"]), await testCertificate(["ops.example.com"])];
  const files = {
    "fullchain.pem": chat.certificate,
    "privkey.pem": chat.key,
    "ops.pem": ops.certificate,
    "ops.key": ops.key,
    "ops-ca.pem": ops.certificate,
    "internal-ca.pem": chat.certificate,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, "tls", name), content);
  const warnings: string[] = [];
  const config = await loadConfig(join(folder, "gateway.yaml"), { warn: (warning) => warnings.push(warning) });
  expect(config.routes.map(({ name }) => name)).toEqual(["chat", "rooms", "site", "notifications", "ops", "echo"]);
  expect(config.listeners[0]?.certificates?.map(({ serverNames }) => serverNames)).toEqual([
    ["chat.example.com"],
    ["ops.example.com"],
  ]);
  expect(warnings).toEqual([]);
});
