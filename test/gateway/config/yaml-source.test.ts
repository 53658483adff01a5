import { describe, expect, test } from "vitest";
import type { ConfigPath } from "../../../src/gateway/config/fault.ts";
import { YamlSource } from "../../../src/gateway/config/yaml-source.ts";

const Text = `# routes of a test
routes:
  - name: chat
    path: /ws
  - { path: "/two words" , upstream: }
upstreams: {}
shared: &shared
  deep: value
again: *shared
`;

function place(path: ConfigPath, at: "key" | "value" = "value"): string {
  return new YamlSource("g.yaml", Text).describe([{ path, at, message: "…" }]).join("\n");
}

test("a fault comes with its place, its path, its line and carets below what is wrong", () => {
  expect(`\n${place(["routes", 1, "path"])}`).toBe(String.raw`
g.yaml:5:13: routes[1].path: …
  5 |   - { path: "/two words" , upstream: }
    |             ^^^^^^^^^^^^`);
});

test.each<{ what: string; path: ConfigPath; at?: "key"; position: string; marked: string }>([
  { what: "a value", path: ["routes", 0, "name"], position: "3:11", marked: "chat" },
  { what: "a key", path: ["routes", 0, "name"], at: "key", position: "3:5", marked: "name" },
  { what: "an empty value by its key", path: ["routes", 1, "upstream"], position: "5:28", marked: "upstream" },
  { what: "a mapping by its key", path: ["upstreams"], position: "6:1", marked: "upstreams" },
  { what: "an item of a list by its first word", path: ["routes", 1], position: "5:7", marked: "path" },
  {
    what: "a missing option by what it is missing in",
    path: ["routes", 0, "upstream"],
    position: "3:5",
    marked: "name",
  },
  { what: "a missing section by the first word", path: ["listeners"], position: "2:1", marked: "routes" },
  { what: "the whole file by the first word", path: [], position: "2:1", marked: "routes" },
  { what: "what an alias stands for where it is written", path: ["again", "deep"], position: "8:9", marked: "value" },
])("points at $what", ({ path, at, position, marked }) => {
  const [head = "", line = "", carets = ""] = place(path, at).split("\n");
  expect(head).toMatch(`g.yaml:${position}: `);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe(marked);
});

test("faults come in the order of the file, each once", () => {
  const source = new YamlSource("g.yaml", Text);
  const faults = [["upstreams"], ["routes", 0, "path"], ["routes", 0, "name"], ["upstreams"]].map((path) => {
    return { path, at: "value" as const, message: "…" };
  });
  const heads = source.describe(faults).map((fault) => fault.split(": ")[0]);
  expect(heads).toEqual(["g.yaml:3:11", "g.yaml:4:11", "g.yaml:6:1"]);
});

test.each([
  { path: ["routes", 1], line: 5 },
  { path: ["routes", 0, "name"], line: 3 },
  { path: ["routes", 0, "upstream"], line: 3 },
  { path: ["nothing"], line: 2 },
])("$path is in line $line", ({ path, line }) => {
  expect(new YamlSource("g.yaml", Text).lineOf(path)).toBe(line);
});

test("carets stand below their word behind tabs, and a line end of Windows is not shown", () => {
  const source = new YamlSource("g.yaml", "a: {\tb: 1 }\r\nc: 2\r\n");
  expect(source.describe([{ path: ["a", "b"], at: "value", message: "…" }])).toEqual([
    "g.yaml:1:9: a.b: …\n  1 | a: {\tb: 1 }\n    |     \t   ^",
  ]);
});

describe("what YAML objects to", () => {
  test.each([
    { what: "a bracket that stays open", text: "a: [1\nb: 2\n", head: /^g\.yaml:2:1: not valid YAML: / },
    { what: "a tab as indentation", text: "a:\n\tb: 1\n", head: /^g\.yaml:2:1: not valid YAML: / },
    { what: "a second document", text: "a: 1\n---\nb: 1\n", head: /^g\.yaml:2:1: not valid YAML: / },
    { what: "an alias of nothing", text: "a: *nowhere\n", head: /^g\.yaml:1:4: not valid YAML: / },
    { what: "a key that is no text", text: "? [a]\n: 1\n", head: /^g\.yaml:1:3: not valid YAML: / },
  ])("breaks the file for $what", ({ text, head }) => {
    expect(new YamlSource("g.yaml", text).syntaxFault).toMatch(head);
  });

  const Quotes = "; put it in quotes";
  test.each([
    { text: "a:\n\tb: 1\n", marked: "\t", cure: "; indent with spaces" },
    { text: "a:\n  - b: 1\n\t- c: 2\n", marked: "\t", cure: "; indent with spaces" },
    { text: "- name:chat\n  path: /a\n", marked: "name:chat", cure: "; a space is missing after the colon?" },
    { text: "a: 1\nname:chat\n", marked: "name:chat", cure: "; a space is missing after the colon?" },
    { text: "address: [::]:18080\nb: 1\n", marked: "[::]:18080", cure: Quotes },
    { text: "address: [::1]:80 # here\n", marked: "[::1]:80", cure: Quotes },
    { text: "a: { address: [::1]:80 }\n", marked: "[::1]:80", cure: Quotes },
    { text: "a: @b\n", marked: "@", cure: Quotes },
    { text: "a: { b: ${C} }\n", marked: "${C}", cure: Quotes },
    { text: "a: [${B}, c]\n", marked: "${B}", cure: Quotes },
    { text: "a: [ws://${B:-c d}:1/]\n", marked: "ws://${B:-c d}:1/", cure: Quotes },
    { text: "a: [b] c\n", marked: "c", cure: "" },
    { text: "ws://a\nb: 1\n", marked: "ws://a", cure: "" },
  ])("has the cure '$cure' in $text", ({ text, marked, cure }) => {
    const [head = "", line = "", carets = ""] = new YamlSource("g.yaml", text).syntaxFault?.split("\n") ?? [];
    expect(head).toMatch(/^g\.yaml:\d+:\d+: not valid YAML: [^;]+(?:; .*)?$/);
    expect(head.split(/(?=;)/)[1] ?? "").toBe(cure);
    expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe(marked);
  });

  test("is told once, at its first place, for all that follows from it", () => {
    const text = "a: 1\na: 2\nlist:\n  - b: 1\n\t- c: *nowhere\nd: @e\n";
    expect(new YamlSource("g.yaml", text).syntaxFault).toBe(
      "g.yaml:5:1: not valid YAML: Tabs are not allowed as indentation; indent with spaces\n" +
        "  5 | \t- c: *nowhere\n    | ^",
    );
  });

  test("a key that is there twice is named, and the rest can still be judged", () => {
    const source = new YamlSource("g.yaml", "a:\n  path: 1\n  path: 2\n");
    expect(source.syntaxFault).toBeUndefined();
    expect(source.describe([])).toEqual([
      "g.yaml:3:3: the key path is here a second time\n  3 |   path: 2\n    |   ^^^^",
    ]);
  });
});
