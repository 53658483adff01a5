import { expect, test } from "vitest";
import { helpText, isCommandName } from "../../src/cli/usage.ts";

test("the help names each command, and each command has a help of its own", () => {
  const commands = Array.from(helpText().matchAll(/^ {2}hawser ([a-z]+) /gm), ([, name = ""]) => name);
  expect(commands).toEqual(["run", "check", "schema", "top", "streams", "tail"]);
  const helps = commands.filter((name) => isCommandName(name)).map((name) => helpText(name));
  expect(new Set(helps).size).toBe(commands.length);
});

test("no line of a help is longer than a terminal is wide", () => {
  const helps = (["run", "check", "schema", "top", "streams", "tail"] as const).map((name) => helpText(name));
  const lines = [helpText(), ...helps].join("\n").split("\n");
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});
