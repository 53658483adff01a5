import { describe, expect, test } from "vitest";
import {
  cookiesOf,
  isFieldValue,
  joinCookies,
  tryParameterizedTokens,
} from "../../../src/protocol/handshake/field-values.ts";

describe("a list of tokens with parameters", () => {
  test.each([
    { value: "", members: [] },
    { value: " , ,", members: [] },
    { value: "foo", members: [{ name: "foo", parameters: [] }] },
    {
      value: "foo; a=1; b , bar",
      members: [
        {
          name: "foo",
          parameters: [
            ["a", "1"],
            ["b", undefined],
          ],
        },
        { name: "bar", parameters: [] },
      ],
    },
    {
      value: 'foo; a="a,b;c", bar',
      members: [
        { name: "foo", parameters: [["a", "a,b;c"]] },
        { name: "bar", parameters: [] },
      ],
    },
    // a quoted pair stands for its second character
    { value: String.raw`foo; a="\"b\\c\d"`, members: [{ name: "foo", parameters: [["a", String.raw`"b\cd`]] }] },
    { value: 'foo; a=""', members: [{ name: "foo", parameters: [["a", ""]] }] },
    {
      value: "foo, foo; a",
      members: [
        { name: "foo", parameters: [] },
        { name: "foo", parameters: [["a", undefined]] },
      ],
    },
  ])("$value has the members $members", ({ value, members }) => {
    expect(tryParameterizedTokens(value)).toEqual(members);
  });

  test.each([
    { value: "foo bar" },
    { value: "foo;" },
    { value: "foo; =1" },
    { value: "foo; a=" },
    { value: 'foo; a="b' },
    { value: 'foo; a="b"c' },
    { value: "foo; a=b c" },
    { value: 'foo; a="\x00"' },
    { value: "föö" },
    { value: '"foo"' },
  ])("$value is none", ({ value }) => {
    expect(tryParameterizedTokens(value)).toBeUndefined();
  });
});

describe("cookies", () => {
  test.each([
    { lines: [], cookies: {} },
    { lines: ["a=b"], cookies: { a: "b" } },
    { lines: ["a=b; c=d"], cookies: { a: "b", c: "d" } },
    { lines: ["a=b", "c=d"], cookies: { a: "b", c: "d" } },
    { lines: ["a=b; a=c"], cookies: { a: "b" } },
    { lines: ["a=b=c; d="], cookies: { a: "b=c", d: "" } },
    { lines: ["a; =b; ; c=d"], cookies: { c: "d" } },
    { lines: ['a="b c"'], cookies: { a: '"b c"' } },
    { lines: ["__proto__=a"], cookies: { ["__proto__"]: "a" } },
  ])("$lines are $cookies", ({ lines, cookies }) => {
    const fields = lines.flatMap((line) => ["cookie", line]);
    expect([...cookiesOf(fields)]).toEqual(Object.entries(cookies));
  });
});

describe("split cookies", () => {
  test.each([
    { lines: ["a=b"], joined: "a=b" },
    { lines: ["a=b", "c=d; e=f"], joined: "a=b; c=d; e=f" },
    { lines: ["a=b", ""], joined: "a=b" },
    { lines: ["", "a=b", "", "c=d"], joined: "a=b; c=d" },
    { lines: ["", ""], joined: "" },
  ])("$lines are one line that can be sent on: $joined", ({ lines, joined }) => {
    const fields = joinCookies(["host", "a", ...lines.flatMap((line) => ["cookie", line])]);
    expect(fields).toEqual(["host", "a", "cookie", joined]);
    expect(isFieldValue(joined)).toBe(true);
  });
});
