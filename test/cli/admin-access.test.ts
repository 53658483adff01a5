import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { adminAccess } from "../../src/cli/admin-access.ts";
import type { OptionName } from "../../src/cli/usage.ts";
import { configFolder } from "../support/config-folder.ts";

const options = (values: { readonly admin?: string; readonly "token-file"?: string }) =>
  new Map<OptionName, string>(
    (["admin", "token-file"] as const).flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

describe("where the gateway is", () => {
  test.each([
    { values: {}, environment: {}, url: "http://127.0.0.1:9464" },
    { values: {}, environment: { HAWSER_ADMIN: "" }, url: "http://127.0.0.1:9464" },
    { values: {}, environment: { HAWSER_ADMIN: "gw:1" }, url: "http://gw:1" },
    { values: { admin: "https://gw/behind/" }, environment: { HAWSER_ADMIN: "gw:1" }, url: "https://gw/behind" },
    { values: { admin: "[::1]:9464" }, environment: {}, url: "http://[::1]:9464" },
  ])("$values, $environment: $url", async ({ values, environment, url }) => {
    expect(await adminAccess(options(values), environment)).toEqual({ url, authorization: undefined });
  });

  test.each(["ftp://gw", "http://", "a b"])("%s is no URL of it", async (admin) => {
    await expect(adminAccess(options({ admin }), {})).rejects.toThrow("write one like http://127.0.0.1:9464");
  });
});

describe("who asks", () => {
  test("shows the token of a file, of the environment, or user and password of the URL", async () => {
    const folder = await configFolder({ token: "from-a-file\n" });
    const file = options({ "token-file": join(folder, "token") });
    const environment = { HAWSER_ADMIN_TOKEN: "of-the-environment" };
    const basic = `Basic ${Buffer.from("ops:a@b").toString("base64")}`;
    expect((await adminAccess(file, environment)).authorization).toBe("Bearer from-a-file");
    expect((await adminAccess(options({}), environment)).authorization).toBe("Bearer of-the-environment");
    expect(await adminAccess(options({ admin: "http://ops:a%40b@gw:1" }), {})).toEqual({
      url: "http://gw:1",
      authorization: basic,
    });
  });

  test.each([
    { values: { "token-file": "/nowhere/token" }, environment: {}, complaint: "there is no such file" },
    { values: {}, environment: { HAWSER_ADMIN_TOKEN: "two words" }, complaint: "signs that no token has" },
    { values: { admin: "http://a:b@gw" }, environment: { HAWSER_ADMIN_TOKEN: "t" }, complaint: "not both" },
  ])("$values with $environment is refused", async ({ values, environment, complaint }) => {
    const failure = adminAccess(options(values), environment);
    await expect(failure).rejects.toThrow(complaint);
    await expect(failure).rejects.not.toThrow("two words");
  });
});
