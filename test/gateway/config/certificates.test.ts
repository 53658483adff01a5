import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  certificateFacts,
  certificateObjection,
  isKeyOf,
  keyObjection,
} from "../../../src/gateway/config/certificates.ts";
import { testCertificate } from "../../support/certificates.ts";

const mine = await testCertificate(["chat.example.com", "127.0.0.1", "::1"]);
const other = await testCertificate();
const rsa = generateKeyPairSync("rsa", {
  modulusLength: 1024,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const encrypted = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
});
const legacyEncrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n";

test.each([
  { what: "a certificate", pem: mine.certificate, objection: undefined },
  { what: "one with its chain", pem: `${mine.certificate}\n${other.certificate}`, objection: undefined },
  { what: "one with its key", pem: `${mine.key}\n${mine.certificate}`, objection: undefined },
  { what: "nothing", pem: "", objection: "a file without one" },
  { what: "a key", pem: mine.key, objection: "a file without one" },
  { what: "half a certificate", pem: mine.certificate.slice(0, 200), objection: "a file with a broken one" },
  { what: "letters lost", pem: mine.certificate.replace("MII", ""), objection: "a file with a broken one" },
  {
    what: "two on one line",
    pem: mine.certificate.trim() + other.certificate,
    objection: "a file with a broken one",
  },
  {
    what: "a broken chain",
    pem: `${mine.certificate}\n${other.certificate.replace("MII", "")}`,
    objection: "a file with a broken one",
  },
])("the objection to $what as a certificate is $objection", ({ pem, objection }) => {
  expect(certificateObjection(pem)).toBe(objection);
});

test.each([
  { what: "a key", pem: mine.key, objection: undefined },
  { what: "one of the older form", pem: rsa.privateKey, objection: undefined },
  { what: "a certificate", pem: mine.certificate, objection: "a file without one" },
  { what: "letters lost", pem: mine.key.replace("MI", ""), objection: "a file with a broken one" },
  { what: "an encrypted key", pem: encrypted.privateKey, objection: "one with a passphrase" },
  { what: "an encrypted key of the older form", pem: legacyEncrypted, objection: "one with a passphrase" },
])("the objection to $what as a key is $objection", ({ pem, objection }) => {
  expect(keyObjection(pem)).toBe(objection);
});

describe("a key belongs", () => {
  test("to its certificate", () => expect(isKeyOf(mine.key, mine.certificate)).toBe(true));
  test("to the first of a chain", () =>
    expect(isKeyOf(mine.key, `${mine.certificate}\n${other.certificate}`)).toBe(true));
  test("to no other", () => expect(isKeyOf(mine.key, other.certificate)).toBe(false));
});

test("a certificate says whom it is for and until when", () => {
  const { names, validUntil } = certificateFacts(mine.certificate);
  expect(names).toEqual(["chat.example.com", "127.0.0.1", "::1"]);
  expect(validUntil.getTime()).toBeGreaterThan(Date.now());
});
