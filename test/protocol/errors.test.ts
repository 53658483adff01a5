import { expect, test } from "vitest";
import { CloseCode, isSendable } from "../../src/protocol/close-code.ts";
import { errorCatalogue, WebSocketError } from "../../src/protocol/errors.ts";

test.each(Object.entries(errorCatalogue))(
  "%s has a code that may be sent, or one for reporting where there is no WebSocket, and names its rule",
  (_, { closeCode, rule }) => {
    expect(isSendable(closeCode) || closeCode === CloseCode.Abnormal || closeCode === CloseCode.TlsHandshake).toBe(
      true,
    );
    expect(rule).toMatch(/^RFC \d{4} §\d+(\.\d+)*$/);
  },
);

test("an error carries its code, close code, origin, cause, and says the rule", () => {
  const cause = new Error("underneath");
  const error = new WebSocketError("WS_TEXT_NOT_UTF8", "byte 3 of a text", { origin: "caller", cause });
  expect(error).toMatchObject({ name: "WebSocketError", code: "WS_TEXT_NOT_UTF8", closeCode: 1007, origin: "caller" });
  expect(error.message).toBe("byte 3 of a text (WS_TEXT_NOT_UTF8, RFC 6455 §8.1)");
  expect(error.cause).toBe(cause);
});

test("unless said otherwise, the peer is to blame", () => {
  expect(new WebSocketError("WS_MASK_MISSING", "a bare frame")).toMatchObject({ origin: "peer", closeCode: 1002 });
});
