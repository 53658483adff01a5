import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
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
@/g.yaml:13:17: upstreams.chat.addresses[0]: expected http://host:port, https://host:port, http+unix:///path, or the same with ws, wss, ws+unix, without a path behind it, got "ws://127.0.0.1:9001/x"; the client's path goes to the upstream as it is
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
    await expect(loadConfig(`${folder}/${file}`)).rejects.toMatchObject({
      name: "ConfigError",
      message: message.replaceAll("@", folder),
    });
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
