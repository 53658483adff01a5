import { join } from "node:path";
import { expect, test } from "vitest";
import type { Environment } from "../../../src/gateway/config/environment.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { configFolder } from "../../support/config-folder.ts";

const Secret = "tiny-secret";
const Token = "0123456789abcdef";

async function load(admin: string, environment: Environment = {}) {
  const text = `listeners: [{ address: "127.0.0.1:1" }]\nroutes: [{ handler: echo }]\nadmin:\n  ${admin}\n`;
  const folder = await configFolder({ "g.yaml": text });
  return await loadConfig(join(folder, "g.yaml"), { environment });
}

async function faultsOf(admin: string, environment: Environment = {}): Promise<string> {
  const failure = await load(admin, environment).then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure instanceof Error ? failure.message : "";
}

test.each([
  { auth: `{ token: ${Token} }`, read: { type: "token", token: Token } },
  { auth: '{ token: "${T}" }', read: { type: "token", token: Token } },
  {
    auth: '{ user: ops, password: "twelve signs" }',
    read: { type: "password", user: "ops", password: "twelve signs" },
  },
])("auth: $auth", async ({ auth, read }) => {
  expect((await load(`auth: ${auth}`, { T: Token })).admin.auth).toEqual(read);
});

test.each([
  { auth: "{}", fault: "admin.auth: nobody could show anything: give a token, or user and password" },
  { auth: "{ user: ops }", fault: "admin.auth.password: missing: give a token, or user and password" },
  { auth: '{ password: "twelve signs" }', fault: "admin.auth.user: missing: give a token, or user and password" },
  { auth: `{ token: ${Token}, user: ops }`, fault: "admin.auth.user: not beside a token: give a token, or user" },
  { auth: `{ token: ${Secret} }`, fault: "admin.auth.token: expected a token of 16 to 512 printable ASCII characters" },
  { auth: `{ user: ops, password: ${Secret} }`, fault: "admin.auth.password: expected a password of 12 to 512" },
  { auth: '{ token: "${T}" }', fault: 'got "${T}", whose value is not shown' },
  { auth: `{ token: { of: ${Secret} } }`, fault: "admin.auth.token: expected" },
  { auth: `{ token: ${Token}, other: ${Secret} `, fault: "not valid YAML" },
])("auth: $auth is at fault, and no secret is shown", async ({ auth, fault }) => {
  const faults = await faultsOf(`auth: ${auth}`, { T: Secret });
  expect(faults).toContain(fault);
  expect(faults).not.toContain(Secret);
  expect(faults).not.toContain(Token);
});

test("what is wrong beside a secret on its line does not show it either", async () => {
  const faults = await faultsOf(`{ address: nowhere, topStreams: 101, auth: { token: '${Token}' } }`);
  expect(faults).toContain("admin.topStreams: expected a whole number of streams from 0 to 100, got the number 101");
  expect(faults).not.toContain(Token);
});
