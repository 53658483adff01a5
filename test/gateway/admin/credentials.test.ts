import { expect, test } from "vitest";
import { challengeOf, isAuthorized } from "../../../src/gateway/admin/credentials.ts";

const Token = { type: "token", token: "0123456789abcdef" } as const;
const Password = { type: "password", user: "ops", password: "twelve: sïgns" } as const;
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  { auth: Token, field: "Bearer 0123456789abcdef", isRight: true },
  { auth: Token, field: "bearer  0123456789abcdef ", isRight: true },
  { auth: Token, field: "Bearer 0123456789abcdeF", isRight: false },
  { auth: Token, field: "Bearer 0123456789abcde", isRight: false },
  { auth: Token, field: "Bearer 0123456789abcdef0", isRight: false },
  { auth: Token, field: "Bearer ", isRight: false },
  { auth: Token, field: "0123456789abcdef", isRight: false },
  { auth: Token, field: basic("ops:0123456789abcdef"), isRight: false },
  { auth: Password, field: basic("ops:twelve: sïgns"), isRight: true },
  { auth: Password, field: basic("ops:twelve: sïgn"), isRight: false },
  { auth: Password, field: basic("Ops:twelve: sïgns"), isRight: false },
  { auth: Password, field: basic("opstwelve: sïgns"), isRight: false },
  { auth: Password, field: "Basic %%%", isRight: false },
  { auth: Password, field: "Bearer b3BzOnR3ZWx2ZTogc8OvZ25z", isRight: false },
  { auth: Password, field: "", isRight: false },
])("$field for a $auth.type: $isRight", ({ auth, field, isRight }) => {
  expect(isAuthorized(field, auth)).toBe(isRight);
});

test("a challenge says how, and nothing else", () => {
  expect(challengeOf(Token)).toBe('Bearer realm="hawser admin"');
  expect(challengeOf(Password)).toBe('Basic realm="hawser admin", charset="UTF-8"');
});
