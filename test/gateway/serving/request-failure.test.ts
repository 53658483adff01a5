import { expect, test } from "vitest";
import {
  answerFailure,
  connectFailure,
  isConnectionEnd,
  tryShortage,
} from "../../../src/gateway/serving/request-failure.ts";

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test.each([
  { code: "EMFILE", result: "exhausted", status: 503, limit: "descriptors", isFinal: true },
  { code: "ENFILE", result: "exhausted", status: 503, limit: "descriptors", isFinal: true },
  { code: "EADDRNOTAVAIL", result: "exhausted", status: 503, limit: "ports", isFinal: false },
  { code: "ETIMEDOUT", result: "upstream_timeout", status: 504 },
  { code: "ECONNREFUSED", result: "upstream_unreachable", status: 502 },
  { code: "ENOTFOUND", result: "upstream_unreachable", status: 502 },
  { code: "CERT_HAS_EXPIRED", result: "upstream_unreachable", status: 502 },
  { code: "UND_ERR_INVALID_ARG", result: "failed", status: 400, isFinal: true },
])("$code while connecting is $result, $status", ({ code, ...failure }) => {
  expect(connectFailure(errorOf(code))).toMatchObject(failure);
});

test("an error without a code is the upstream's", () => {
  expect(connectFailure(new Error("x"))).toMatchObject({ status: 502 });
  expect(tryShortage(new Error("x"))).toBeUndefined();
});

test.each([
  { code: "UND_ERR_SOCKET", status: 502, isEnd: true },
  { code: "ECONNRESET", status: 502, isEnd: true },
  { code: "EPIPE", status: 502, isEnd: true },
  { code: "HPE_INVALID_CONSTANT", status: 502, isEnd: false },
  { code: "UND_ERR_HEADERS_OVERFLOW", status: 502, isEnd: false },
  { code: "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", status: 400, isEnd: false },
])("$code behind a request is $status, an end of the connection: $isEnd", ({ code, status, isEnd }) => {
  expect(answerFailure(errorOf(code))).toMatchObject({ status });
  expect(isConnectionEnd(errorOf(code))).toBe(isEnd);
});
