import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/gateway/config/fault.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const { certificate, key } = await testCertificate(["chat.example.com"]);
const Listener = `listeners: [{ name: main, address: "127.0.0.1:1" }]\n`;
const Echo = "routes: [{ name: echo, path: /echo, handler: echo }]\n";

type Files = Readonly<Record<string, string>>;

/** What is wrong with `g.yaml` among `files`, without the lines shown; the folder is called `@`. */
async function faultsOf(files: Files, environment: Files = {}): Promise<string[]> {
  const folder = await configFolder(files);
  const error: unknown = await loadConfig(join(folder, "g.yaml"), { environment }).catch((error: unknown) => error);
  if (!(error instanceof ConfigError)) throw new Error("not refused", { cause: error });
  return error.message
    .replaceAll(folder, "@")
    .split("\n")
    .filter((line) => !line.startsWith(" "));
}

test("listeners, routes and upstreams come together, with paths relative to the file they are in", async () => {
  const folder = await configFolder({
    "g.yaml": `include: ["\${CONF:-conf}.d/*.yaml", last.yaml]\n${Listener}upstreams: { a: { addresses: [ws+unix:a.sock] } }`,
    "conf.d/20.yaml": "routes: [{ name: two, path: /2, upstream: b }]",
    "conf.d/10.yaml": `routes: [{ name: one, path: /1, handler: ./on.mjs }]
listeners:
  - { name: tls, address: "127.0.0.1:2", tls: { certificate: c.pem, key: ../k.pem } }
  - { name: self, address: "127.0.0.1:3", tls: { selfSigned: self.pem } }
upstreams: { b: { addresses: [http+unix:b.sock, https://b], tls: { ca: c.pem } } }`,
    "conf.d/on.mjs": "",
    "conf.d/c.pem": certificate,
    "k.pem": key,
    "conf.d/not-this.yml": "nonsense",
    "last.yaml": "include: [deep/more.yaml]",
    "deep/more.yaml": "routes: [{ name: site, root: site }, { name: a, path: /a, upstream: a }]",
    "deep/site/index.html": "",
  });
  const config = await loadConfig(join(folder, "g.yaml"));
  expect(config.folder).toBe(folder);
  expect(config.listeners.map(({ name }) => name)).toEqual(["main", "tls", "self"]);
  expect(config.listeners[1]?.certificates?.[0]).toMatchObject({ certificate, key });
  expect(config.routes.map(({ name, target }) => ({ name, target }))).toMatchObject([
    { name: "one", target: { handler: join(folder, "conf.d/on.mjs") } },
    { name: "two" },
    { name: "site", target: { folder: join(folder, "deep/site") } },
    { name: "a" },
  ]);
  expect(config.upstreams).toMatchObject([
    { name: "a", addresses: [{ transport: { path: join(folder, "a.sock") } }] },
    { name: "b", addresses: [{ transport: { path: join(folder, "conf.d/b.sock") } }, { tls: { ca: certificate } }] },
  ]);
  const files = ["g.yaml", "conf.d/10.yaml", "conf.d/20.yaml", "last.yaml", "deep/more.yaml", "conf.d"];
  const named = ["conf.d/c.pem", "k.pem", "conf.d/self.pem"];
  expect(config.files).toEqual([...files, ...named].map((file) => join(folder, file)));
});

test("a pattern that fits no file is valid, and told", async () => {
  const folder = await configFolder({
    "g.yaml": `include: [a.yaml]\n${Listener}${Echo}`,
    "a.yaml": "include:\n  - 'conf.d/*.yaml'\n  - 'b*.yaml'\n",
    "b.yaml": "routes: []",
  });
  const warnings: string[] = [];
  await loadConfig(join(folder, "g.yaml"), { warn: (warning) => warnings.push(warning) });
  expect(warnings.map((warning) => warning.split("\n")[0]?.replace(folder, "@"))).toEqual([
    "@/a.yaml:2:5: warning: include[0]: fits no file",
  ]);
});

test("a fault points into its own file, and each file is told in its order", async () => {
  const folder = await configFolder({
    "g.yaml": `include: [a.yaml, b.yaml]\n${Listener}foo: 1\n`,
    "a.yaml": "# routes\nroutes:\n  - path: ws\n    upstream: caht\n",
    "b.yaml": "upstreams:\n  chat: { addresses: [ws://chat], maxConections: 3 }\nroutes: [{ hander: echo }]",
  });
  const error: unknown = await loadConfig(join(folder, "g.yaml")).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  expect(`\n${error instanceof Error ? error.message.replaceAll(folder, "@") : ""}`).toBe(`
@/g.yaml:3:1: foo: unknown option; known here: include, listeners, routes, upstreams, admin, access, limits, relays, handlers, http2, deadlines, reload, log, tracing, workers, trustedProxies
  3 | foo: 1
    | ^^^
@/a.yaml:3:11: routes[0].path: expected a path that begins with "/", without query, dot segments and spaces, such as /ws, got "ws"
  3 |   - path: ws
    |           ^^
@/a.yaml:4:15: routes[0].upstream: there is no upstream caht; did you mean chat?
  4 |     upstream: caht
    |               ^^^^
@/b.yaml:2:35: upstreams.chat.maxConections: unknown option; did you mean maxConnections?
  2 |   chat: { addresses: [ws://chat], maxConections: 3 }
    |                                   ^^^^^^^^^^^^^
@/b.yaml:3:12: routes[0].hander: unknown option; did you mean handler?
  3 | routes: [{ hander: echo }]
    |            ^^^^^^
@/b.yaml:3:12: routes[0]: expected one of upstream, handler, root
  3 | routes: [{ hander: echo }]
    |            ^^^^^^`);
});

describe("names that are there twice are told with both places", () => {
  const Main = `include: [a.yaml]\n${Listener}${Echo}upstreams:\n  chat: { addresses: [ws://chat] }\n`;
  test.each([
    {
      text: "upstreams: { chat: { addresses: [ws://other] } }",
      fault: "@/a.yaml:1:14: upstreams.chat: is listed already, as upstreams.chat (@/g.yaml:5)",
    },
    {
      text: "routes: [{ path: /x, handler: echo, name: echo }]",
      fault: "@/a.yaml:1:43: routes[0].name: echo is also the name of routes[0] (@/g.yaml:3)",
    },
    {
      text: "routes: [{ path: /x, handler: echo }, { path: /echo, handler: echo }]",
      fault: "@/a.yaml:1:41: routes[1]: takes the same requests as routes[0] (echo, @/g.yaml:3)",
    },
    {
      text: `listeners: [{ name: main, address: "127.0.0.1:2" }]`,
      fault: "@/a.yaml:1:21: listeners[0].name: main is also the name of listeners[0] (@/g.yaml:2)",
    },
    {
      text: `listeners: [{ name: other, address: "127.0.0.1:1" }]`,
      fault: "@/a.yaml:1:37: listeners[0].address: this port is already that of listeners[0].address (@/g.yaml:2)",
    },
  ])("$text", async ({ text, fault }) => {
    expect(await faultsOf({ "g.yaml": Main, "a.yaml": text })).toEqual([fault]);
  });
});

describe("an included file", () => {
  const Main = `include: [a.yaml]\n${Listener}${Echo}`;
  test.each([
    { text: "[1]", faults: ["@/a.yaml:1:2: expected a mapping, got a list"] },
    { text: "admin: {}", faults: ["@/a.yaml:1:1: admin: only in the file that includes this one"] },
    { text: "route: []", faults: ["@/a.yaml:1:1: route: unknown option; did you mean routes?"] },
    { text: "x: 1", faults: ["@/a.yaml:1:1: x: unknown option; known here: include, listeners, routes, upstreams"] },
    { text: "routes: 3", faults: ["@/a.yaml:1:9: routes: expected a list, got the number 3"] },
    { text: "upstreams: [chat]", faults: ["@/a.yaml:1:1: upstreams: expected a mapping, got a list"] },
    {
      text: "include: [1]",
      faults: [`@/a.yaml:1:11: include[0]: expected the path of a file, got the number 1; put it in quotes`],
    },
    { text: "include: g.yaml", faults: [`@/a.yaml:1:10: include: expected a list, got "g.yaml"`] },
    {
      text: "include: [none.yaml]",
      faults: ["@/a.yaml:1:11: include[0]: cannot read @/none.yaml: there is no such file"],
    },
    { text: "include: [g.yaml]", faults: ["@/a.yaml:1:11: include[0]: @/g.yaml is part of this config already"] },
    { text: "include: [./a.yaml]", faults: ["@/a.yaml:1:11: include[0]: @/a.yaml is part of this config already"] },
    { text: "routes: [", faults: [expect.stringMatching(/^@\/a\.yaml:1:10: not valid YAML: /)] },
    {
      text: "routes: [{ path: /x, handler: ${H} }]",
      faults: [expect.stringMatching(/^@\/a\.yaml:1:31: not valid YAML: .*; put it in quotes$/)],
    },
    {
      text: 'routes: [{ path: /x, handler: "${H}" }]',
      faults: [`@/a.yaml:1:31: routes[0].handler: there is no H in the environment; \${H:-…} has a default`],
    },
  ])("with $text", async ({ text, faults }) => {
    const files = { "g.yaml": Main, "a.yaml": text };
    expect(await faultsOf(files)).toEqual(faults);
  });

  test.each(["", "routes: []", "include: ['none*.yaml']"])("may say nothing: %s", async (text) => {
    const folder = await configFolder({ "g.yaml": Main, "a.yaml": text });
    expect((await loadConfig(join(folder, "g.yaml"))).routes).toHaveLength(1);
  });

  test("may include others, but not without end", async () => {
    const chain = Array.from({ length: 6 }, (_, i) => [`${i}.yaml`, `include: [${i + 1}.yaml]`]);
    const files = { "g.yaml": `include: [0.yaml]\n${Listener}${Echo}`, ...Object.fromEntries(chain), "6.yaml": "" };
    expect(await faultsOf(files)).toEqual(["@/4.yaml:1:11: include[0]: more than 5 files that include one another"]);
    const folder = await configFolder({
      ...files,
      "4.yaml": Echo.replaceAll("echo", "x").replace("handler: x", "handler: echo"),
    });
    expect((await loadConfig(join(folder, "g.yaml"))).routes).toHaveLength(2);
  });

  test("that is no text, or a folder", async () => {
    const folder = await configFolder({ "g.yaml": `include: [binary.yaml, folder]\n${Listener}${Echo}` });
    await writeFile(join(folder, "binary.yaml"), new Uint8Array([0xff, 0xfe]));
    await mkdir(join(folder, "folder"));
    const error: unknown = await loadConfig(join(folder, "g.yaml")).catch((error: unknown) => error);
    expect(String(error)).toContain(`include[0]: cannot read ${folder}/binary.yaml: it is not UTF-8 text`);
    expect(String(error)).toContain(`include[1]: cannot read ${folder}/folder: it is a folder`);
  });
});

describe("no message has what is in the environment", () => {
  const Secret = "s3cret-value";
  const tls = (options: string) => `listeners:\n  - address: 127.0.0.1:1\n    tls:\n${options}\n${Echo}`;
  const routes = (options: string) => `${Listener}routes:\n  - path: /x\n${options}\n`;
  test.each([
    { text: `${Listener}${Echo}limits:\n  maxStreams: \${X}`, told: `got "\${X}", whose value is not shown` },
    { text: `${Listener}${Echo}access:\n  hosts: ["a \${X}"]`, told: `got "a \${X}", whose value is not shown` },
    { text: `${Listener}${Echo}access:\n  origins:\n    - \${X}`, told: `got "\${X}", whose value is not shown` },
    { text: routes("    upstream: ${X}"), told: "there is no upstream ${X}; none is listed" },
    { text: routes("    root: ${X}/../${X}"), told: "cannot read ${X}/../${X}: there is no such folder" },
    { text: routes("    handler: ./${X}"), told: "cannot read ./${X}: there is no such file" },
    {
      text: `${Listener}routes:\n  - { path: /x, handler: echo, name: "\${X}" }\n  - name: \${X}\n    handler: echo\n`,
      told: "${X} is also the name of routes[0] (line 3)",
    },
    {
      text: `${Listener}routes:\n  - { path: /x, handler: echo, name: "\${X}" }\n  - { path: /x, handler: echo }\n`,
      told: "takes the same requests as routes[0] (${X}, line 3)",
    },
    { text: tls("      certificate: ${X}\n      key: k.pem"), told: "cannot read ${X}: there is no such file" },
    { text: tls("      selfSigned: g.yaml/${X}"), told: "${X}: " },
    { text: `include: ["\${X}"]\n${Listener}${Echo}`, told: "include[0]: cannot read ${X}: there is no such file" },
  ])("$told", async ({ text, told }) => {
    const faults = await faultsOf({ "g.yaml": text, "k.pem": key }, { X: Secret });
    expect(faults).toEqual([expect.stringContaining(told)]);
    expect(faults.join()).not.toContain(Secret);
  });
});
