import { expect, test } from "vitest";
import { closeCodeLabel } from "../../../src/gateway/telemetry/close-code-label.ts";

test.each([
  { code: 0, label: "other" },
  { code: 999, label: "other" },
  { code: 1000, label: "1000" },
  { code: 1005, label: "1005" },
  { code: 1006, label: "1006" },
  { code: 1015, label: "1015" },
  { code: 1016, label: "other" },
  { code: 2999, label: "other" },
  { code: 3000, label: "3xxx" },
  { code: 3999, label: "3xxx" },
  { code: 4000, label: "4xxx" },
  { code: 4999, label: "4xxx" },
  { code: 5000, label: "other" },
  { code: 65_535, label: "other" },
])("the label of $code is $label", ({ code, label }) => {
  expect(closeCodeLabel(code)).toBe(label);
});

test("no code makes a label of its own", () => {
  const labels = new Set<string>();
  for (let code = 0; code < 65_536; code += 1) labels.add(closeCodeLabel(code));
  expect(labels.size).toBe(19);
});
