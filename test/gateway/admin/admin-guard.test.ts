import { describe, expect, test, vi } from "vitest";
import { AdminGuard, type GuardRules } from "../../../src/gateway/admin/admin-guard.ts";
import type { AdminRequest } from "../../../src/gateway/admin/admin-endpoint.ts";

const Token = "0123456789abcdef";
const Open: GuardRules = { auth: undefined, hosts: [] };
const Closed: GuardRules = { auth: { type: "token", token: Token }, hosts: ["gw.example"] };
const ignored = (): void => undefined;
const Here = "127.0.0.1";
const There = "192.0.2.7";

function requestFrom(address: string, fields: AdminRequest["fields"] = {}, method = "GET"): AdminRequest {
  return {
    method,
    path: "/streams",
    query: new URLSearchParams(),
    address,
    fields: { host: "10.0.0.1:9464", ...fields },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("what is for operators", () => {
  test.each([
    { rules: Open, from: Here, fields: {}, status: undefined },
    { rules: Open, from: "::1", fields: {}, status: undefined },
    { rules: Open, from: "::ffff:127.0.0.1", fields: {}, status: undefined },
    { rules: Open, from: There, fields: {}, status: 403 },
    { rules: Open, from: "", fields: {}, status: 403 },
    { rules: Open, from: There, fields: bearer(Token), status: 403 },
    { rules: Closed, from: There, fields: bearer(Token), status: undefined },
    { rules: Closed, from: There, fields: {}, status: 401 },
    { rules: Closed, from: Here, fields: {}, status: 401 },
    { rules: Closed, from: Here, fields: bearer("another-one-0000"), status: 401 },
    { rules: Closed, from: Here, fields: bearer(Token), status: undefined },
    { rules: Closed, from: Here, fields: { ...bearer(Token), origin: "https://evil.example" }, status: 403 },
    { rules: Closed, from: Here, fields: { ...bearer(Token), host: "evil.example" }, status: 403 },
    { rules: Closed, from: There, fields: { ...bearer(Token), host: "gw.example" }, status: undefined },
  ])("from '$from' with $fields, by $rules.auth: $status", ({ rules, from, fields, status }) => {
    expect(new AdminGuard(rules, ignored).tryRefusal(requestFrom(from, fields), "operators")?.status).toBe(status);
  });

  test("says the cure", () => {
    const closed = new AdminGuard(Open, ignored).tryRefusal(requestFrom(There), "operators");
    expect(closed?.body).toContain("admin.auth in the config");
    const unknown = new AdminGuard(Closed, ignored).tryRefusal(requestFrom(There), "operators");
    expect(unknown?.fields["www-authenticate"]).toBe('Bearer realm="hawser admin"');
    const misnamed = new AdminGuard(Open, ignored).tryRefusal(requestFrom(Here, { host: "gw.internal" }), "operators");
    expect(misnamed?.body).toContain("admin.hosts");
  });
});

test("what is for everybody asks nobody anything", () => {
  const request = requestFrom(There, { host: "evil.example", origin: "https://evil.example" });
  expect(new AdminGuard(Closed, ignored).tryRefusal(request, "everybody")).toBeUndefined();
});

describe("the page on which one signs in", () => {
  test.each([
    { rules: Open, from: Here, fields: {}, status: undefined },
    { rules: Open, from: There, fields: {}, status: 403 },
    { rules: Closed, from: There, fields: {}, status: undefined },
    { rules: Closed, from: There, fields: { "sec-fetch-site": "cross-site" }, status: undefined },
    { rules: Closed, from: There, fields: { host: "evil.example" }, status: 403 },
  ])("from $from with $fields, by $rules.auth: $status", ({ rules, from, fields, status }) => {
    expect(new AdminGuard(rules, ignored).tryRefusal(requestFrom(from, fields), "page")?.status).toBe(status);
  });
});

describe("wrong credentials", () => {
  function guessing() {
    const clock = { ms: 0 };
    const lockedOut = vi.fn<() => void>();
    const guard = new AdminGuard(Closed, lockedOut, () => clock.ms);
    const ask = (from: string, token?: string) =>
      guard.tryRefusal(requestFrom(from, token === undefined ? {} : bearer(token)), "operators");
    return { clock, lockedOut, ask };
  }

  test("are heard ten times a minute of one client; then not even the right ones are", () => {
    const { clock, lockedOut, ask } = guessing();
    const statuses = Array.from({ length: 11 }, (_, i) => ask(There, `guess-number-${i}`)?.status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    expect(lockedOut).toHaveBeenCalledTimes(1);
    const waiting = ask(There, Token);
    expect([waiting?.status, waiting?.fields["retry-after"]]).toEqual([429, "60"]);
    expect(ask("192.0.2.8", Token)).toBeUndefined();
    clock.ms = 60_000;
    expect(ask(There, Token)).toBeUndefined();
  });

  test("of one IPv6 network count together", () => {
    const { ask } = guessing();
    for (let i = 0; i < 10; i++) ask(`2001:db8::${i + 1}`, `guess-number-${i}`);
    expect(ask("2001:db8::ffff", Token)?.status).toBe(429);
    expect(ask("2001:db8:0:1::1", Token)).toBeUndefined();
  });

  test("of a program that still has those of yesterday lock out nobody", () => {
    const { lockedOut, ask } = guessing();
    for (let i = 0; i < 50; i++) expect(ask(There, "those-of-yesterday")?.status).toBe(401);
    expect(ask(There, Token)).toBeUndefined();
    expect(lockedOut).not.toHaveBeenCalled();
  });

  test("are not those that are not there", () => {
    const { ask } = guessing();
    for (let i = 0; i < 20; i++) expect(ask(There)?.status).toBe(401);
    expect(ask(There, Token)).toBeUndefined();
  });
});
