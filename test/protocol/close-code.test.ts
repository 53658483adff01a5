import { expect, test } from "vitest";
import { CloseCode, isSendable } from "../../src/protocol/close-code.ts";

test.each([
  { first: -1, last: 999, sendable: false, why: "unused (RFC 6455 §7.4.2)" },
  { first: 1000, last: 1003, sendable: true, why: "defined" },
  { first: 1004, last: 1006, sendable: false, why: "reserved, or for reporting only" },
  { first: 1007, last: 1014, sendable: true, why: "defined; 1012–1014 by IANA" },
  { first: 1015, last: 2999, sendable: false, why: "for reporting only, or not defined yet" },
  { first: 3000, last: 4999, sendable: true, why: "libraries and applications" },
  { first: 5000, last: 5000, sendable: false, why: "outside" },
  { first: 65_535, last: 65_536, sendable: false, why: "outside" },
])("$first to $last may be sent: $sendable ($why)", ({ first, last, sendable }) => {
  for (let code = first; code <= last; code++) expect([code, isSendable(code)]).toEqual([code, sendable]);
});

test.each([1000.5, Number.NaN, Number.POSITIVE_INFINITY])("%d is no code at all", (code) => {
  expect(isSendable(code)).toBe(false);
});

test("three named codes are for reporting only", () => {
  const unsendable = Object.values(CloseCode).filter((code) => !isSendable(code));
  expect(unsendable).toEqual([CloseCode.NoStatus, CloseCode.Abnormal, CloseCode.TlsHandshake]);
});
