import { expect, test } from "vitest";
import { TextPreview } from "../../../src/gateway/telemetry/text-preview.ts";

test.each([
  { what: "the first characters", text: "abcdefghij", mask: [], shown: "abcde" },
  { what: "characters, not code units", text: "😀😀😀😀😀😀", mask: [], shown: "😀😀😀😀😀" },
  { what: "each match as three stars", text: "a1b22c", mask: ["\\d+"], shown: "a***b" },
  { what: "what several masks leave", text: "ab12", mask: ["\\d", "b"], shown: "a****" },
  { what: "nothing of a match that goes on behind the end", text: "abc1234567890", mask: ["\\d{10}"], shown: "abc**" },
  { what: "a text that is shorter", text: "ab", mask: [], shown: "ab" },
])("shows $what", ({ text, mask, shown }) => {
  expect(new TextPreview({ preview: 5, mask }).of(new TextEncoder().encode(text))).toBe(shown);
});

test("leaves out a character whose end is not there", () => {
  const preview = new TextPreview({ preview: 5, mask: [] });
  expect(preview.of(new TextEncoder().encode("ab😀").subarray(0, 4))).toBe("ab");
});

test("takes 4 KiB behind what it shows, so that a mask can find the end of a match", () => {
  expect(new TextPreview({ preview: 5, mask: [] }).textBytes).toBe(5 * 4 + 4_096);
});
