import { expect, test } from "vitest";
import { isOwnName, tryPageObjection } from "../../../src/gateway/admin/page-rule.ts";

const Hosts = ["gw.example"];
const Name = /Host is neither localhost/;
const Origin = /pages of this port/;
const Site = /other sites/;
const Field = /x-hawser-request: 1/;
const request = { "x-hawser-request": "1" };
const own = { origin: "http://127.0.0.1:9464" };

test.each([
  // A program: neither Origin nor Sec-Fetch-Site.
  { method: "GET", host: "127.0.0.1:9464", fields: {}, objection: undefined },
  { method: "GET", host: "localhost:9464", fields: {}, objection: undefined },
  { method: "GET", host: "LOCALHOST.", fields: {}, objection: undefined },
  { method: "GET", host: "[::1]:9464", fields: {}, objection: undefined },
  { method: "GET", host: "10.1.2.3", fields: {}, objection: undefined },
  { method: "GET", host: "gw.example:9464", fields: {}, objection: undefined },
  { method: "POST", host: "other.example", fields: {}, objection: undefined },
  { method: "DELETE", host: "127.0.0.1:9464", fields: {}, objection: undefined },
  // DNS that somebody else made lead here.
  { method: "GET", host: "evil.example:9464", fields: {}, objection: Name },
  { method: "HEAD", host: "evil.example:9464", fields: {}, objection: Name },
  { method: "GET", host: "127.0.0.1.evil.example", fields: {}, objection: Name },
  { method: "GET", host: "localhost.evil.example", fields: {}, objection: Name },
  { method: "GET", host: "", fields: {}, objection: Name },
  { method: "GET", host: "a@127.0.0.1", fields: {}, objection: Name },
  { method: "POST", host: "evil.example", fields: { origin: "http://evil.example", ...request }, objection: Name },
  // A page of this port.
  { method: "GET", host: "127.0.0.1:9464", fields: own, objection: undefined },
  { method: "POST", host: "127.0.0.1:9464", fields: { ...own, ...request }, objection: undefined },
  { method: "DELETE", host: "127.0.0.1:9464", fields: { ...own, ...request }, objection: undefined },
  { method: "POST", host: "gw.example", fields: { origin: "https://gw.example", ...request }, objection: undefined },
  { method: "POST", host: "127.0.0.1:9464", fields: own, objection: Field },
  { method: "POST", host: "127.0.0.1:9464", fields: { ...own, "x-hawser-request": "yes" }, objection: Field },
  { method: "POST", host: "127.0.0.1:9464", fields: { "sec-fetch-site": "same-origin" }, objection: Field },
  // A page of elsewhere.
  { method: "POST", host: "127.0.0.1:9464", fields: { origin: "https://evil.example" }, objection: Origin },
  { method: "POST", host: "127.0.0.1:9464", fields: { origin: "null", ...request }, objection: Origin },
  { method: "GET", host: "127.0.0.1:9464", fields: { origin: "http://127.0.0.1:8080" }, objection: Origin },
  { method: "GET", host: "127.0.0.1:9464", fields: { origin: "http://localhost:9464" }, objection: Origin },
  { method: "GET", host: "127.0.0.1:9464", fields: { origin: "ftp://127.0.0.1:9464" }, objection: Origin },
  { method: "GET", host: "127.0.0.1:9464", fields: { "sec-fetch-site": "cross-site" }, objection: Site },
  { method: "GET", host: "127.0.0.1:9464", fields: { "sec-fetch-site": "same-site" }, objection: Site },
  { method: "GET", host: "127.0.0.1:9464", fields: { "sec-fetch-site": "none" }, objection: undefined },
])("$method for $host with $fields", ({ method, host, fields, objection }) => {
  const told = tryPageObjection({ method, fields: { host, ...fields } }, Hosts);
  expect(told ?? "none").toMatch(objection ?? /^none$/);
});

test("names are taken as they are listed, with any port", () => {
  expect(isOwnName("gw.example:1", [])).toBe(false);
  expect(isOwnName("GW.example:1", Hosts)).toBe(true);
  expect(isOwnName("sub.gw.example", Hosts)).toBe(false);
});
