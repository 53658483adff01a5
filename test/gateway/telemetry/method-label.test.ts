import { expect, test } from "vitest";
import { methodLabel } from "../../../src/gateway/telemetry/method-label.ts";

test.each([
  { method: "GET", label: "GET" },
  { method: "PATCH", label: "PATCH" },
  { method: "OPTIONS", label: "OPTIONS" },
  { method: "get", label: "other" },
  { method: "GETGET", label: "other" },
  { method: "", label: "other" },
  { method: "toString", label: "other" },
])("the method $method is called $label", ({ method, label }) => {
  expect(methodLabel(method)).toBe(label);
});
