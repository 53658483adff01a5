import { expect, test, vi } from "vitest";
import { Screen, type ScreenEvents } from "../../src/cli/screen.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { TestKeyboard, TestScreen } from "../support/test-terminal.ts";

const Restored = "\u001b[?7h\u001b[?25h\u001b[?1049l";

function opened(environment: { readonly NO_COLOR?: string } = {}) {
  const keyboard = new TestKeyboard({ isTTY: true });
  const output = new TestScreen({ columns: 20, rows: 3 });
  const screen = new Screen(keyboard, output, new Terminal(output, environment));
  const events = {
    key: vi.fn<ScreenEvents["key"]>(),
    resized: vi.fn<ScreenEvents["resized"]>(),
    gone: vi.fn<ScreenEvents["gone"]>(),
  };
  screen.open(events);
  return { keyboard, output, screen, events };
}

test("it takes the terminal over, and gives it back once", () => {
  const { keyboard, output, screen } = opened();
  expect([keyboard.isRaw, keyboard.isReading]).toEqual([true, true]);
  expect(output.text).toMatch(/^\p{Cc}\[\?1049h/u);
  screen.close();
  screen.close();
  expect([keyboard.isRaw, keyboard.isReading]).toEqual([false, false]);
  expect(output.text.split(Restored)).toHaveLength(2);
  expect(output.text.endsWith(Restored)).toBe(true);
  screen.draw([{ text: "late", look: "plain" }]);
  expect(output.text).not.toContain("late");
});

test.each([
  { environment: {}, drawn: "\u001b[Ha\u001b[K\r\n\u001b[7mb\u001b[0m\u001b[K\u001b[J" },
  { environment: { NO_COLOR: "1" }, drawn: "\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J" },
])("lines are drawn in place of those before, with $environment", ({ environment, drawn }) => {
  const { output, screen } = opened(environment);
  screen.draw([
    { text: "a", look: "plain" },
    { text: "b", look: "inverse" },
  ]);
  expect(output.text.endsWith(drawn)).toBe(true);
});

test("keys, sizes and the end of the terminal are told until it is given back", () => {
  const { keyboard, output, screen, events } = opened();
  keyboard.press("k\u001b[A");
  expect(events.key.mock.calls).toEqual([["k"], ["up"]]);
  output.resize(40, 10);
  expect([events.resized.mock.calls.length, screen.size]).toEqual([1, { columns: 40, rows: 10 }]);
  keyboard.emit("end");
  expect(events.gone).toHaveBeenCalledTimes(1);
  screen.close();
  keyboard.press("q");
  output.resize(10, 10);
  expect([events.key.mock.calls.length, events.resized.mock.calls.length]).toEqual([2, 1]);
});

test("a terminal that does not tell its size is as large as they used to be", () => {
  const { output, screen } = opened();
  output.resize(0, 0);
  expect(screen.size).toEqual({ columns: 80, rows: 24 });
});

test("what a slow terminal has not taken yet is not drawn over", () => {
  const { output, screen } = opened();
  Object.assign(output, { writableLength: 10 });
  screen.draw([{ text: "too soon", look: "plain" }]);
  expect(output.text).not.toContain("too soon");
});
