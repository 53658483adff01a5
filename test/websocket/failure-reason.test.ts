import { expect, test } from "vitest";
import { failureReason } from "../../src/websocket/failure-reason.ts";

test.each([
  { code: "ECONNREFUSED", reason: ": ECONNREFUSED, nobody listens there" },
  { code: "CERT_HAS_EXPIRED", reason: ": CERT_HAS_EXPIRED, the certificate has ended" },
  {
    code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    reason: ": ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE, the other side has refused it",
  },
  { code: "ERR_NEW", reason: ": ERR_NEW" },
  { code: "at 192.0.2.1", reason: "" },
  { code: "", reason: "" },
])("of an error with the code $code is told '$reason'", ({ code, reason }) => {
  expect(failureReason(Object.assign(new Error("connect 192.0.2.1:80"), { code }))).toBe(reason);
});

test("of no error nothing is told", () => {
  expect(failureReason(undefined)).toBe("");
  expect(failureReason(new Error("192.0.2.1"))).toBe("");
});
