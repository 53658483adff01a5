import { X509Certificate } from "node:crypto";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isKeyOf } from "../../../src/gateway/config/certificates.ts";
import { selfSignedTls } from "../../../src/gateway/config/self-signed.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const Day = 86_400_000;
const foreign = await testCertificate();
const Names = ["localhost", "127.0.0.1", "::1"];

afterEach(() => vi.useRealTimers());

test("a certificate is made for exactly the names, with its key", async () => {
  const file = join(await configFolder({}), "made.pem");
  const { certificate, key } = await selfSignedTls(file, [...Names, "localhost"], { store: true });
  const parsed = new X509Certificate(certificate);
  expect(parsed.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  expect(parsed.ca).toBe(false);
  expect(parsed.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  expect(isKeyOf(key, certificate)).toBe(true);
});

test("a client that is given it as its authority accepts it", async () => {
  const file = join(await configFolder({}), "made.pem");
  const { certificate, key } = await selfSignedTls(file, Names, { store: false });
  const server = createServer({ cert: certificate, key }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", ca: certificate });
  await once(client, "secureConnect");
  expect(client.authorized).toBe(true);
  client.destroy();
  server.close();
});

describe("the file", () => {
  test("is for its owner alone, below folders that are made, and nothing lies beside it", async () => {
    const folder = await configFolder({});
    const file = join(folder, "a/b/made.pem");
    await selfSignedTls(file, Names, { store: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "a/b"))).toEqual(["made.pem"]);
  });

  test("is not written without `store`", async () => {
    const folder = await configFolder({});
    await selfSignedTls(join(folder, "a/made.pem"), Names, { store: false });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    { what: "it is used again", later: 0, names: Names, isSame: true },
    { what: "the order of the names does not matter", later: 0, names: Names.toReversed(), isSame: true },
    { what: "it is used until 14 days before its end", later: 350 * Day, names: Names, isSame: true },
    { what: "it is renewed after that", later: 352 * Day, names: Names, isSame: false },
    { what: "it is renewed when a name is new", later: 0, names: [...Names, "example.com"], isSame: false },
    { what: "it is renewed when a name is gone", later: 0, names: ["localhost"], isSame: false },
  ])("$what", async ({ later, names, isSame }) => {
    const file = join(await configFolder({}), "made.pem");
    const first = await selfSignedTls(file, Names, { store: true });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + later });
    const second = await selfSignedTls(file, names, { store: true });
    expect(second.certificate === first.certificate).toBe(isSame);
    expect(await readFile(file, "utf8")).toBe(second.certificate + second.key);
  });

  test("is renewed when its key is gone, and is then its owner's again", async () => {
    const file = join(await configFolder({}), "made.pem");
    const { certificate } = await selfSignedTls(file, Names, { store: true });
    await writeFile(file, certificate);
    await chmod(file, 0o644);
    const { key } = await selfSignedTls(file, Names, { store: true });
    expect(await readFile(file, "utf8")).toContain(key);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("may be empty", async () => {
    const file = join(await configFolder({ "made.pem": "" }), "made.pem");
    await selfSignedTls(file, Names, { store: true });
    expect(await readFile(file, "utf8")).toContain("CERTIFICATE");
  });

  test.each([
    { what: "somebody else's certificate", content: foreign.certificate + foreign.key },
    { what: "something else", content: "root:x:0:0\n" },
  ])("is left alone when it holds $what", async ({ content }) => {
    const file = join(await configFolder({ "made.pem": content }), "made.pem");
    await expect(selfSignedTls(file, Names, { store: true })).rejects.toThrow("did not make");
    expect(await readFile(file, "utf8")).toBe(content);
  });

  test("that cannot be read or written is an error", async () => {
    const folder = await configFolder({ file: "" });
    await expect(selfSignedTls(folder, Names, { store: true })).rejects.toThrow("EISDIR");
    await expect(selfSignedTls(join(folder, "file/made.pem"), Names, { store: true })).rejects.toThrow("ENOTDIR");
  });
});
