import { parseArgs } from "node:util";
import { tryNearest } from "../protocol/nearest.ts";
import { helpText, isCommandName, isFileCommand, unknownCommand, type FileCommandName } from "./usage.ts";

/** What the arguments of the process ask for. */
export type CommandLine =
  | { readonly type: "command"; readonly command: FileCommandName; readonly file: string }
  | { readonly type: "schema" }
  | { readonly type: "print"; readonly text: string }
  | { readonly type: "version" }
  | { readonly type: "misuse"; readonly complaint: string };

const Options = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "V" } } as const;

/** Reads the arguments that follow `hawser`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option" && !Object.hasOwn(Options, token.name)) return misuse(unknownOption(token.rawName));
    if (token.kind === "option" && token.value !== undefined) return misuse(`${token.rawName} takes no value`);
  }
  const [command, file, ...more] = positionals;
  if (command !== undefined && !isCommandName(command)) return misuse(unknownCommand(command));
  if (values.help) return { type: "print", text: helpText(command) };
  if (values.version) return { type: "version" };
  if (command === undefined) return misuse("there is no command");
  if (!isFileCommand(command)) {
    return file === undefined ? { type: "schema" } : misuse(`${command} takes no FILE`);
  }
  if (file === undefined) return misuse(`${command} needs the FILE of a config`);
  if (more.length > 0) return misuse(`${command} takes one FILE, not ${more.length + 1}`);
  return { type: "command", command, file };
}

function unknownOption(option: string): string {
  const nearest = tryNearest(
    option,
    Object.keys(Options).map((name) => `--${name}`),
  );
  return `there is no option ${option}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

function misuse(complaint: string): CommandLine {
  return { type: "misuse", complaint };
}
