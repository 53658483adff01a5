import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/gateway/config/config.ts";
import { ConfigError } from "../../../src/gateway/config/fault.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const mine = await testCertificate(["chat.example.com"]);
const other = await testCertificate();
const Echo = "routes: [{ path: /echo, handler: echo }]\n";

/** The message of the error of loading `text`, in which the folder is called `@`. */
async function faultsOf(text: string | Uint8Array, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await configFolder(files);
  await writeFile(join(folder, "g.yaml"), text);
  const error: unknown = await loadConfig(join(folder, "g.yaml")).catch((error: unknown) => error);
  if (!(error instanceof ConfigError)) throw new Error("not refused", { cause: error });
  return error.message.replaceAll(folder, "@");
}

test("each option becomes what the gateway works with", async () => {
  const folder = await configFolder({
    "tls/c.pem": mine.certificate,
    "tls/k.pem": mine.key,
    "on.mjs": "",
    "site/x": "",
  });
  const file = join(folder, "g.yaml");
  await writeFile(
    file,
    `
listeners:
  - { name: public, address: "[::]:8443", tls: { certificate: tls/c.pem, key: tls/k.pem }, protocols: [h2] }
  - { address: "[::1]:8080" }
routes:
  - { name: chat, host: Chat.Example.com., path: /%77s, upstream: chat, hostField: upstream }
  - { host: chat.example.com, pathPrefix: /on/, handler: ./on.mjs }
  - { root: site }
upstreams:
  chat:
    addresses: [ws://a, wss://b, ws+unix:run/c.sock, ws+unix:///run/d.sock]
    tls: { ca: tls/c.pem, serverName: c.internal, verify: false }
    command: [node, backend.js]
trustedProxies: [10.0.0.0/8]
`,
  );
  const tls = { serverName: "c.internal", ca: mine.certificate, verify: false };
  const expected: Omit<Config, "http2" | "deadlines" | "handlers"> = {
    folder,
    listeners: [
      { name: "public", host: "::", port: 8443, tls: mine, protocols: ["h2"] },
      { name: "[::1]:8080", host: "::1", port: 8080, tls: undefined, protocols: ["h2", "http/1.1"] },
    ],
    routes: [
      {
        name: "chat",
        host: "chat.example.com",
        match: "exact",
        path: "/ws",
        target: { type: "upstream", upstream: "chat", hostField: { type: "upstream" } },
      },
      {
        name: "chat.example.com/on/*",
        host: "chat.example.com",
        match: "prefix",
        path: "/on",
        target: { type: "handler", handler: join(folder, "on.mjs") },
      },
      {
        name: "/*",
        host: undefined,
        match: "prefix",
        path: "",
        target: { type: "root", folder: join(folder, "site") },
      },
    ],
    upstreams: [
      {
        name: "chat",
        addresses: [
          { url: "ws://a", authority: "a", transport: { type: "tcp", host: "a", port: 80 }, tls: undefined },
          { url: "wss://b", authority: "b", transport: { type: "tcp", host: "b", port: 443 }, tls },
          {
            url: `ws+unix://${folder}/run/c.sock`,
            authority: "localhost",
            transport: { type: "unix", path: join(folder, "run/c.sock") },
            tls: undefined,
          },
          {
            url: "ws+unix:///run/d.sock",
            authority: "localhost",
            transport: { type: "unix", path: "/run/d.sock" },
            tls: undefined,
          },
        ],
        connectTimeoutMs: 5_000,
        answerTimeoutMs: 10_000,
        command: ["node", "backend.js"],
      },
    ],
    admin: { host: "127.0.0.1", port: 9464 },
    trustedProxies: ["10.0.0.0/8"],
  };
  expect(await loadConfig(file)).toMatchObject(expected);
});

test("without `tls`, the certificates of wss:// addresses are checked against the system's authorities", async () => {
  const folder = await configFolder({
    "g.yaml": `listeners: [{ address: "a:1" }]\nroutes: [{ upstream: u }]\nupstreams: { u: { addresses: [wss://a] } }`,
  });
  const { upstreams } = await loadConfig(join(folder, "g.yaml"));
  expect(upstreams[0]?.addresses[0]?.tls).toEqual({ serverName: undefined, ca: undefined, verify: true });
});

test("every fault is told at once, in the order of the file, whoever found it", async () => {
  const text = `# a config that nobody should have
listeners:
  - address: 127.0.0.1:8443
    address: 127.0.0.1:8444
    tls: { certificate: c.pem, key: k.pem }
routes:
  - path: ws
    upstream: caht
  - pathPrefix: /
    rot: demo
upstreams:
  chat:
    addresses: [ws://127.0.0.1:9001/x]
`;
  expect(`\n${await faultsOf(text, { "c.pem": mine.certificate, "k.pem": other.key })}`).toBe(`
@/g.yaml:4:5: the key address is here a second time
  4 |     address: 127.0.0.1:8444
    |     ^^^^^^^
@/g.yaml:5:37: listeners[0].tls.key: is not the key of the certificate
  5 |     tls: { certificate: c.pem, key: k.pem }
    |                                     ^^^^^
@/g.yaml:7:11: routes[0].path: expected a path that begins with "/", without query, dot segments and spaces, such as /ws, got "ws"
  7 |   - path: ws
    |           ^^
@/g.yaml:8:15: routes[0].upstream: there is no upstream caht; did you mean chat?
  8 |     upstream: caht
    |               ^^^^
@/g.yaml:9:5: routes[1]: expected one of upstream, handler, root
  9 |   - pathPrefix: /
    |     ^^^^^^^^^^
@/g.yaml:10:5: routes[1].rot: unknown option; did you mean root?
  10 |     rot: demo
     |     ^^^
@/g.yaml:13:17: upstreams.chat.addresses[0]: expected ws://host:port, wss://host:port or ws+unix:///path, without a path behind it, got "ws://127.0.0.1:9001/x"; the client's path goes to the upstream as it is
  13 |     addresses: [ws://127.0.0.1:9001/x]
     |                 ^^^^^^^^^^^^^^^^^^^^^`);
});

test("two routes for the same requests: both are found, and a misspelt path makes no such pair", async () => {
  const text = `listeners: [{ address: "a:1" }]
routes:
  - { name: unix, path: /ws, handler: echo }
  - { pathPrefix: /, handler: echo }
  - { path: /ws, handler: echo }
  - { pathPrefx: /chat, handler: echo }
`;
  expect((await faultsOf(text)).split("\n").filter((line) => line.startsWith("@"))).toEqual([
    "@/g.yaml:5:7: routes[2]: takes the same requests as routes[0] (unix, line 3)",
    "@/g.yaml:6:7: routes[3].pathPrefx: unknown option; did you mean pathPrefix?",
  ]);
});

describe("a file that is no config", () => {
  test.each([
    { what: "a folder", file: "", message: "@/: cannot read the file: it is a folder" },
    { what: "none", file: "none.yaml", message: "@/none.yaml: cannot read the file: there is no such file" },
    { what: "no text", file: "binary.yaml", message: "@/binary.yaml: cannot read the file: it is not UTF-8 text" },
    {
      what: "empty",
      file: "empty.yaml",
      message: "@/empty.yaml:1:1: expected a mapping, got nothing\n  1 | \n    | ^",
    },
  ])("$what", async ({ file, message }) => {
    const folder = await configFolder({ "empty.yaml": "" });
    await writeFile(join(folder, "binary.yaml"), new Uint8Array([0xff, 0xfe]));
    await expect(loadConfig(`${folder}/${file}`)).rejects.toThrow(new ConfigError([message.replaceAll("@", folder)]));
  });

  test("YAML that is broken is not judged any further", async () => {
    expect(await faultsOf("listeners: [\nroutes: 1\n")).toMatch(/^@\/g\.yaml:2:\d+: not valid YAML: [^@]*$/);
  });

  test("aliases that would fill the memory are refused", async () => {
    const bomb = [
      "a: &a [x, x]",
      ..."bcdefghijklmnop".split("").map((name, i) => {
        const before = "abcdefghijklmnop"[i];
        return `${name}: &${name} [*${before}, *${before}, *${before}]`;
      }),
    ];
    expect(await faultsOf(bomb.join("\n"))).toBe(
      "@/g.yaml: not valid YAML: Excessive alias count indicates a resource exhaustion attack",
    );
  });
});

describe("the files it names", () => {
  const tls = (certificate: string, key: string) =>
    `listeners: [{ address: "a:1", tls: { certificate: ${certificate}, key: ${key} } }]\n${Echo}`;
  const files = { "c.pem": mine.certificate, "k.pem": mine.key, "x.pem": "x", "module.mjs": "", "site/index.html": "" };
  test.each([
    { text: tls("c.pem", "none.pem"), fault: "listeners[0].tls.key: cannot read @/none.pem: there is no such file" },
    { text: tls("c.pem", "site"), fault: "listeners[0].tls.key: cannot read @/site: it is a folder" },
    {
      text: tls("c.pem/c", "k.pem"),
      fault: "listeners[0].tls.certificate: cannot read @/c.pem/c: there is no such file",
    },
    {
      text: tls("c.pem", "x.pem"),
      fault: "listeners[0].tls.key: expected a private key in PEM, got a file without one: @/x.pem",
    },
    {
      text: tls("k.pem", "k.pem"),
      fault: "listeners[0].tls.certificate: expected a certificate in PEM, got a file without one: @/k.pem",
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ upstream: u }]\nupstreams: { u: { addresses: [wss://a], tls: { ca: k.pem } } }`,
      fault: "upstreams.u.tls.ca: expected a certificate in PEM, got a file without one: @/k.pem",
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ handler: ecoh }]`,
      fault: `routes[0].handler: expected echo, or the path of a module that begins with ./, ../ or /, got "ecoh"`,
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ handler: ./none.mjs }]`,
      fault: "routes[0].handler: cannot read @/none.mjs: there is no such file",
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ handler: ./site }]`,
      fault: "routes[0].handler: expected a module, got the folder @/site",
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ root: c.pem }]`,
      fault: "routes[0].root: expected a folder, got the file @/c.pem",
    },
    {
      text: `listeners: [{ address: "a:1" }]\nroutes: [{ root: ./sit }]`,
      fault: "routes[0].root: cannot read @/sit: there is no such folder",
    },
    { text: tls("k.pem", "c.pem"), fault: "listeners[0].tls.certificate: certificate and key seem to be exchanged" },
    {
      text: `listeners: [{ address: "a:1", tls: { selfSigned: x.pem } }]\n${Echo}`,
      fault: "listeners[0].tls.selfSigned: @/x.pem: holds something hawser did not make",
    },
  ])("$fault", async ({ text, fault }) => {
    const told = await faultsOf(text, files);
    expect(told.split("\n")[0]?.replace(/^@\/g.yaml:\d+:\d+: /, "")).toBe(fault);
    expect(told.match(/^@/gm)).toHaveLength(1);
  });
});

describe("self-signed certificates", () => {
  const text = `
listeners:
  - { address: "127.0.0.1:1", tls: { selfSigned: made/tls.pem } }
  - { address: "127.0.0.1:2", tls: { selfSigned: made/tls.pem } }
${Echo}`;

  test("are made once and stored", async () => {
    const folder = await configFolder({ "g.yaml": text });
    const { listeners } = await loadConfig(join(folder, "g.yaml"));
    expect(listeners[0]?.tls?.certificate).toContain("BEGIN CERTIFICATE");
    expect(listeners[1]?.tls).toEqual(listeners[0]?.tls);
    expect((await loadConfig(join(folder, "g.yaml"))).listeners).toEqual(listeners);
  });

  test("are not stored for somebody who only looks", async () => {
    const folder = await configFolder({ "g.yaml": text });
    const { listeners } = await loadConfig(join(folder, "g.yaml"), { storeCertificates: false });
    expect(listeners[0]?.tls?.key).toContain("PRIVATE KEY");
    expect(await readdir(folder)).toEqual(["g.yaml"]);
  });

  test("are not made for a config with a fault", async () => {
    const folder = await configFolder({ "g.yaml": `${text}\nfoo: 1` });
    await expect(loadConfig(join(folder, "g.yaml"))).rejects.toThrow(ConfigError);
    expect(await readdir(folder)).toEqual(["g.yaml"]);
  });
});

test("warnings come with their place and do not refuse the config", async () => {
  const folder = await configFolder({
    "g.yaml": `listeners: [{ address: "a:1" }]\n${Echo}upstreams:\n  spare: { addresses: [ws://a] }\n`,
  });
  const warnings: string[] = [];
  await loadConfig(join(folder, "g.yaml"), { warn: (warning) => warnings.push(warning) });
  expect(warnings).toEqual([
    `${folder}/g.yaml:4:3: warning: upstreams.spare: no route leads to it\n  4 |   spare: { addresses: [ws://a] }\n    |   ^^^^^`,
  ]);
});

test("config/gateway.yaml is valid where its certificates are, and nothing in it is worth a warning", async () => {
  const folder = await configFolder({});
  await mkdir(join(folder, "tls"));
  await copyFile(join(import.meta.dirname, "../../../config/gateway.yaml"), join(folder, "gateway.yaml"));
  await writeFile(join(folder, "tls/fullchain.pem"), mine.certificate);
  await writeFile(join(folder, "tls/privkey.pem"), mine.key);
  await writeFile(join(folder, "tls/internal-ca.pem"), other.certificate);
  const warnings: string[] = [];
  const config = await loadConfig(join(folder, "gateway.yaml"), { warn: (warning) => warnings.push(warning) });
  expect(config.routes.map(({ name }) => name)).toEqual(["chat", "rooms", "notifications", "echo"]);
  expect(warnings).toEqual([]);
});
