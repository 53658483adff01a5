import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/gateway/config/fault.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { ConfigSchema } from "../../../src/gateway/config/schema.ts";
import { configFolder } from "../../support/config-folder.ts";

const Valid = "listeners: [{ address: 127.0.0.1:0 }]\nroutes: [{ handler: echo }]\n";

/** What is wrong with `text`; empty if it is valid. Any error but a ConfigError is one of hawser's own. */
async function complaintOf(text: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await configFolder({});
  await writeFile(join(folder, "g.yaml"), text);
  try {
    await loadConfig(join(folder, "g.yaml"), { environment });
    return "";
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(folder, "@");
  }
}

describe("YAML that is meant to break its reader", () => {
  test.each([
    { what: "a list in itself", text: `x: &a [*a]\n${Valid}`, place: "1:8", says: "anchor a is inside itself" },
    {
      what: "a listener in itself",
      text: "listeners:\n  - &a { address: 127.0.0.1:0, tls: *a }\n",
      place: "2:37",
      says: "anchor a is inside itself",
    },
    { what: "a depth without end", text: "[".repeat(50_000), place: "1:", says: "not valid YAML" },
    { what: "a set", text: `%YAML 1.1\n---\n${Valid}log: !!set { format }\n`, place: "5:", says: "tag" },
    { what: "an ordered map", text: `%YAML 1.1\n---\n${Valid}log: !!omap [format: json]\n`, place: "5:", says: "tag" },
    { what: "bytes", text: `${Valid}log: { format: !!binary anNvbg== }\n`, place: "3:16", says: "tag" },
    { what: "a merge key", text: `${Valid}log: { <<: { format: json } }\n`, place: "3:8", says: "unknown option" },
  ])("$what has its place", async ({ text, place, says }) => {
    const complaint = await complaintOf(text);
    expect(complaint).toMatch(`@/g.yaml:${place}`);
    expect(complaint).toContain(says);
  });

  test("aliases without end are refused soon", async () => {
    const startedAt = performance.now();
    const many = `x: &x y\ninclude: [${Array(20_000).fill("*x").join(", ")}]\n`;
    expect(await complaintOf(many + Valid)).toContain("alias");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test.each([
    { what: "a byte order mark", text: `\ufeff${Valid}` },
    { what: "CR LF", text: Valid.replaceAll("\n", "\r\n") },
    { what: "the old YAML 1.1", text: `%YAML 1.1\n---\n${Valid}` },
  ])("$what is nothing to complain of", async ({ text }) => {
    expect(await complaintOf(text)).toBe("");
  });
});

test("a message has no control characters but the ends of its lines, whatever the file has", async () => {
  const name = String.raw`"x\e[31m\u009b2J\u202e\nfake.yaml:1:1: all is well"`;
  const text = `${Valid.replace("handler: echo", "upstream: x")}upstreams: { ${name}: {} }\nlog: { format: "a\u001b[31m\u2028b" }\n`;
  const lines = (await complaintOf(text)).split("\n");
  expect(lines.filter((line) => /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(line))).toEqual([]);
  expect(lines.filter((line) => line.startsWith("fake"))).toEqual([]);
});

test("of a long line a message has the part around the fault", async () => {
  const routes = Array.from({ length: 500 }, (_, i) => `{ path: /p${i}, handler: echo }`);
  const text = `{ listeners: [{ address: 127.0.0.1:0 }], routes: [${routes.join(", ")}, { path: oops, handler: echo }, ${routes.join(", ")}] }`;
  const [head = "", line = "", carets = ""] = (await complaintOf(text)).split("\n");
  expect(head).toContain("routes[500].path");
  expect(line.length).toBeLessThan(220);
  expect(line).toMatch(/^ {2}1 \| ….*…$/);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("oops");
});

test.each([
  {
    option: "certificate",
    text: String.raw`listeners: [{ address: 127.0.0.1:0, tls: { certificate: "a\0", key: k } }]`,
  },
  { option: "include", text: String.raw`include: ["a\0"]` },
  { option: "root", text: String.raw`routes: [{ root: "a\0" }]` },
])("a zero byte in the path of $option is told as that", async ({ text }) => {
  const complaint = await complaintOf(`${text}\n`);
  expect(complaint).toContain("no path has a zero byte");
  expect(complaint).not.toContain("Received");
});

test.each(["10.0.0.0/8.5", "::/1.5", "::/0.1", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/ 8"])(
  "%s is no network, which nobody finds out at the first request",
  async (network) => {
    for (const option of [`trustedProxies: ["${network}"]`, `access: { clients: { deny: ["${network}"] } }`]) {
      expect(await complaintOf(`${Valid}${option}\n`)).toContain("expected an IP address or a network");
    }
  },
);

test.each([
  { option: "include", text: `${Valid}include: [/dev/zero]\n` },
  { option: "certificate", text: `listeners: [{ address: a:1, tls: { certificate: /dev/zero, key: k } }]\n` },
  { option: "selfSigned", text: Valid.replace("0 }", "0, tls: { selfSigned: /dev/zero } }") },
])("what never ends is not read, and what is too large is not either: $option", async ({ text }) => {
  const folder = await configFolder({ "g.yaml": text, "large/g.yaml": text.replace("/dev/zero", "large.pem") });
  await writeFile(join(folder, "large/large.pem"), Buffer.alloc(9_000_000, "#"));
  await expect(loadConfig(join(folder, "g.yaml"))).rejects.toThrow("it is a pipe or device");
  await expect(loadConfig(join(folder, "large/g.yaml"))).rejects.toThrow("it is larger than 8 MiB");
});

test("a host that is only a dot is none, and so no route for every host", async () => {
  expect(await complaintOf(Valid.replace("handler", "host: ., handler"))).toContain("expected a host name");
  expect(await complaintOf(`${Valid}access: { hosts: [.] }\n`)).toContain("expected a host name");
});

test("routes are told apart by their default names too", async () => {
  const text = "listeners: [{ address: 127.0.0.1:0 }]\nroutes:\n  - { path: /x/*, handler: echo }\n";
  expect(await complaintOf(`${text}  - { pathPrefix: /x, handler: echo }\n`)).toContain(
    "routes[1]: without a name it is called like routes[0] (line 3)",
  );
  expect(await complaintOf(`${text}  - { pathPrefix: /x, name: x, handler: echo }\n`)).toBe("");
});

test.each([
  { what: "a path of a handler", text: String.raw`routes: [{ handler: "./a\e[31m.mjs" }]` },
  { what: "a path of a folder", text: String.raw`routes: [{ root: "a\nb" }]` },
  { what: "a path of a certificate", text: String.raw`listeners: [{ address: "a:1", tls: { selfSigned: "a\rb" } }]` },
])("$what has no control characters, so that no log has", async ({ text }) => {
  expect(await complaintOf(`${text}\n`)).toMatch(/expected .*the path of a/);
});

test("a route without a name has one that can be printed", async () => {
  const folder = await configFolder({ "g.yaml": Valid.replace("handler", 'path: "/a%1b%0Ab", handler') });
  const { routes } = await loadConfig(join(folder, "g.yaml"));
  expect(routes.map(({ name }) => name)).toEqual([String.raw`/a\u001b\u000ab`]);
});

test("no route has the name that stands for none", async () => {
  expect(await complaintOf(Valid.replace("handler", "name: none, handler"))).toContain("another name than none");
});

/** Something of the wrong type or form for most options, and something right for some. */
const AnyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(
      null,
      true,
      "off",
      "any",
      "",
      "${A}",
      "${",
      "$${",
      "${A:-1}",
      "*",
      "[::]:80",
      "a:1",
      "::/1.5",
      "/x/*",
    ),
    fc.constantFrom(0, -1, 1.5, 2 ** 53, Infinity, NaN, 100),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("__proto__", "constructor", "path", "name", "tls"), fc.string()),
      tie("value"),
      {
        maxKeys: 3,
      },
    ),
  ),
})).value;

describe("whatever a config has in whatever option", () => {
  const sections = Object.keys(ConfigSchema.shape);
  const optionsOf = (shape: object) => fc.dictionary(fc.constantFrom(...Object.keys(shape)), AnyValue, { maxKeys: 4 });
  const { listeners, routes, upstreams, limits, access } = ConfigSchema.shape;
  const anyConfig = fc.record(
    {
      listeners: fc.oneof(AnyValue, fc.array(optionsOf(listeners.element.shape), { maxLength: 3 })),
      routes: fc.oneof(AnyValue, fc.array(optionsOf(routes.element.shape), { maxLength: 3 })),
      upstreams: fc.oneof(
        AnyValue,
        fc.dictionary(fc.constantFrom("a", "b", "__proto__"), optionsOf(upstreams.unwrap().valueType.shape)),
      ),
      limits: fc.oneof(AnyValue, optionsOf(limits.unwrap().shape)),
      access: fc.oneof(AnyValue, optionsOf(access.unwrap().shape)),
      ...Object.fromEntries(
        sections
          .filter((name) => !["listeners", "routes", "upstreams", "limits", "access"].includes(name))
          .map((name) => [name, AnyValue]),
      ),
    },
    { requiredKeys: [] },
  );

  test("it is a config, or it is refused with a place", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyConfig, async (config) => {
        const complaint = await complaintOf(JSON.stringify(config));
        expect(complaint).toMatch(/^$|^@\/g\.yaml:\d+:\d+: /);
      }),
      { numRuns: 300 },
    );
  });

  test("no value of the environment is in a message", { timeout: 60_000 }, async () => {
    const secret = "s3cr3t-of-the-environment";
    const values = fc.constantFrom(
      "${SECRET}",
      "x${SECRET}",
      "/${SECRET}",
      "./${SECRET}*",
      "http://${SECRET}/",
      "${SECRET}:80",
    );
    const spread = (shape: object) => fc.dictionary(fc.constantFrom(...Object.keys(shape)), values, { maxKeys: 4 });
    const config = fc.record({
      listeners: fc.array(spread(listeners.element.shape), { maxLength: 3 }),
      routes: fc.array(spread(routes.element.shape), { maxLength: 3 }),
      include: fc.array(values, { maxLength: 2 }),
      upstreams: fc.dictionary(fc.constantFrom("a", "b"), fc.record({ addresses: fc.array(values), tls: values })),
    });
    await fc.assert(
      fc.asyncProperty(config, async (one) => {
        expect(await complaintOf(JSON.stringify(one), { SECRET: secret })).not.toContain(secret);
      }),
      { numRuns: 200 },
    );
  });
});
