import { expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/command-line.ts";

test.each([
  { args: "run g.yaml", command: "run", file: "g.yaml" },
  { args: "check g.yaml", command: "check", file: "g.yaml" },
  { args: "run -- --odd.yaml", command: "run", file: "--odd.yaml" },
])("hawser $args", ({ args, command, file }) => {
  expect(parseCommandLine(args.split(" "))).toEqual({ type: "command", command, file });
});

test("hawser schema", () => {
  expect(parseCommandLine(["schema"])).toEqual({ type: "schema" });
});

test.each([
  { args: "top", line: { type: "top", options: new Map() } },
  { args: "top --admin=http://h:1", line: { type: "top", options: new Map([["admin", "http://h:1"]]) } },
  { args: "top --token-file f", line: { type: "top", options: new Map([["token-file", "f"]]) } },
  {
    args: "streams --route chat --order age --ascending --limit 5 --json",
    line: {
      type: "streams",
      options: new Map([
        ["route", "chat"],
        ["order", "age"],
        ["ascending", ""],
        ["limit", "5"],
        ["json", ""],
      ]),
    },
  },
  { args: "tail 17 --preview", line: { type: "tail", id: 17, options: new Map([["preview", ""]]) } },
])("hawser $args", ({ args, line }) => {
  expect(parseCommandLine(args.split(" "))).toEqual(line);
});

test.each([
  { args: "schema --help", text: /^Usage: hawser schema\n/ },
  { args: "--help", text: /hawser schema .*JSON Schema/ },
  { args: "--help", text: /hawser run FILE .*\n.*hawser check FILE / },
  { args: "-h", text: /hawser run FILE/ },
  { args: "run --help", text: /^Usage: hawser run FILE\n/ },
  { args: "--help check", text: /^Usage: hawser check FILE\n/ },
  { args: "check g.yaml -h", text: /^Usage: hawser check FILE\n/ },
  { args: "--help --version", text: /hawser run FILE/ },
])("hawser $args prints help", ({ args, text }) => {
  expect(parseCommandLine(args.split(" "))).toEqual({ type: "print", text: expect.stringMatching(text) });
});

test.each(["--version", "-V"])("hawser %s asks for the version", (option) => {
  expect(parseCommandLine([option])).toEqual({ type: "version" });
});

test.each([
  { args: "", complaint: "there is no command" },
  { args: "rnu g.yaml", complaint: "there is no command rnu; did you mean run?" },
  { args: "cehck", complaint: "there is no command cehck; did you mean check?" },
  { args: "serve g.yaml", complaint: "there is no command serve; there are run, check, schema, top, streams and tail" },
  {
    args: "constructor --help",
    complaint: "there is no command constructor; there are run, check, schema, top, streams and tail",
  },
  { args: "run", complaint: "run needs the FILE of a config" },
  { args: "check a.yaml b.yaml c.yaml", complaint: "check takes one FILE, not 3" },
  { args: "schema g.yaml", complaint: "schema takes no FILE" },
  { args: "shema", complaint: "there is no command shema; did you mean schema?" },
  { args: "run --hlep", complaint: "there is no option --hlep; did you mean --help?" },
  { args: "run g.yaml --port=1", complaint: "there is no option --port" },
  { args: "run -x g.yaml", complaint: "there is no option -x" },
  { args: "run g.yaml --admin x", complaint: "there is no option --admin" },
  { args: "top --json", complaint: "there is no option --json" },
  { args: "top --admni x", complaint: "there is no option --admni; did you mean --admin?" },
  { args: "top --admin", complaint: "--admin needs a URL" },
  { args: "top --admin=", complaint: "--admin needs a URL" },
  { args: "top here", complaint: "top takes no argument" },
  { args: "streams --json=yes", complaint: "--json takes no value" },
  { args: "streams --limit many", complaint: "--limit needs a number" },
  { args: "tail", complaint: "tail needs the ID of a WebSocket, a number; hawser streams lists them" },
  { args: "tail chat", complaint: "tail needs the ID of a WebSocket, a number; hawser streams lists them" },
  { args: "tail 1 2", complaint: "tail takes one ID, not 2" },
  { args: "--help=run", complaint: "--help takes no value" },
])("hawser $args makes no sense: $complaint", ({ args, complaint }) => {
  expect(parseCommandLine(args.split(" ").filter(Boolean))).toEqual({ type: "misuse", complaint });
});
