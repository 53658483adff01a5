import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/gateway/config/fault.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const mine = await testCertificate(["chat.example.com"]);
const Echo = "routes: [{ path: /echo, handler: echo }]\n";

/** The message of the error of loading `text`, in which the folder is called `@`. */
async function faultsOf(text: string | Uint8Array, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await configFolder(files);
  await writeFile(join(folder, "g.yaml"), text);
  const error: unknown = await loadConfig(join(folder, "g.yaml")).catch((error: unknown) => error);
  if (!(error instanceof ConfigError)) throw new Error("not refused", { cause: error });
  return error.message.replaceAll(folder, "@");
}

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
      text: `listeners: [{ address: "a:1", tls: { certificate: c.pem, key: k.pem, clientCertificates: { ca: x.pem } } }]\n${Echo}`,
      fault: "listeners[0].tls.clientCertificates.ca: expected a certificate in PEM, got a file without one: @/x.pem",
    },
    {
      text: `listeners: [{ address: "a:1", tls: { certificates: [{ certificate: c.pem, key: x.pem }] } }]\n${Echo}`,
      fault: "listeners[0].tls.certificates[0].key: expected a private key in PEM, got a file without one: @/x.pem",
    },
    {
      text: `listeners: [{ address: "a:1", tls: { certificates: [{ certificate: k.pem, key: c.pem }] } }]\n${Echo}`,
      fault: "listeners[0].tls.certificates[0].certificate: certificate and key seem to be exchanged",
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
    const { listeners, files } = await loadConfig(join(folder, "g.yaml"));
    expect(listeners[0]?.certificates?.[0]?.certificate).toContain("BEGIN CERTIFICATE");
    expect(listeners[1]?.certificates).toEqual(listeners[0]?.certificates);
    expect(files).toEqual([join(folder, "g.yaml"), join(folder, "made/tls.pem")]);
    expect((await loadConfig(join(folder, "g.yaml"))).listeners).toEqual(listeners);
  });

  test("are not stored for somebody who only looks", async () => {
    const folder = await configFolder({ "g.yaml": text });
    const { listeners } = await loadConfig(join(folder, "g.yaml"), { storeCertificates: false });
    expect(listeners[0]?.certificates?.[0]?.key).toContain("PRIVATE KEY");
    expect(await readdir(folder)).toEqual(["g.yaml"]);
  });

  test("are not made for a config with a fault", async () => {
    const folder = await configFolder({ "g.yaml": `${text}\nfoo: 1` });
    await expect(loadConfig(join(folder, "g.yaml"))).rejects.toThrow(ConfigError);
    expect(await readdir(folder)).toEqual(["g.yaml"]);
  });
});
