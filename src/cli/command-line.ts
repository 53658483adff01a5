import { parseArgs } from "node:util";
import { tryNearest } from "../protocol/nearest.ts";
import {
  argumentOf,
  CommandOptions,
  helpText,
  isCommandName,
  optionsOf,
  unknownCommand,
  type CommandName,
  type FileCommandName,
  type OptionName,
} from "./usage.ts";

/** The values of options by their names; of a flag that is there, an empty text. */
export type OptionValues = ReadonlyMap<OptionName, string>;

/** What the arguments of the process ask for. */
export type CommandLine =
  | { readonly type: "command"; readonly command: FileCommandName; readonly file: string }
  | { readonly type: "schema" }
  | { readonly type: "top"; readonly options: OptionValues }
  | { readonly type: "streams"; readonly options: OptionValues }
  | { readonly type: "tail"; readonly id: number; readonly options: OptionValues }
  | { readonly type: "print"; readonly text: string }
  | { readonly type: "version" }
  | { readonly type: "misuse"; readonly complaint: string };

const Standard = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "V" } } as const;
const OptionNames = Object.keys(CommandOptions).filter((name) => isOptionName(name));
const Options = {
  ...Standard,
  ...Object.fromEntries(
    OptionNames.map((name) => [name, { type: CommandOptions[name] === undefined ? "boolean" : "string" }] as const),
  ),
} as const;

/** Reads the arguments that follow `hawser`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const [command, argument, ...more] = positionals;
  const known = command !== undefined && isCommandName(command) ? optionsOf(command) : [];
  const options = new Map<OptionName, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const isOwn = isOptionName(name) && known.includes(name);
    if (!isOwn && !Object.hasOwn(Standard, name)) return misuse(unknownOption(rawName, known));
    const wanted = isOwn ? CommandOptions[name] : undefined;
    if (wanted === undefined && value !== undefined) return misuse(`${rawName} takes no value`);
    const isMeant = wanted === "N" ? /^[1-9]\d{0,8}$/.test(value ?? "") : value !== undefined && value !== "";
    if (wanted !== undefined && !isMeant)
      return misuse(`${rawName} needs ${wanted === "N" ? "a number" : `a ${wanted}`}`);
    if (isOwn) options.set(name, value ?? "");
  }
  if (command !== undefined && !isCommandName(command)) return misuse(unknownCommand(command));
  if (values["help"] === true) return { type: "print", text: helpText(command) };
  if (values["version"] === true) return { type: "version" };
  if (command === undefined) return misuse("there is no command");
  return withArgument(command, argument, more.length, options);
}

function withArgument(
  command: CommandName,
  argument: string | undefined,
  more: number,
  options: OptionValues,
): CommandLine {
  const wanted = argumentOf(command);
  if (wanted === undefined && argument !== undefined) {
    return misuse(command === "schema" ? "schema takes no FILE" : `${command} takes no argument`);
  }
  if (wanted === "FILE" && argument === undefined) return misuse(`${command} needs the FILE of a config`);
  if (more > 0) return misuse(`${command} takes one ${wanted}, not ${more + 1}`);
  switch (command) {
    case "schema":
      return { type: "schema" };
    case "run":
    case "check":
      return { type: "command", command, file: argument ?? "" };
    case "top":
    case "streams":
      return { type: command, options };
    case "tail":
      if (argument === undefined || !/^\d{1,16}$/.test(argument)) {
        return misuse("tail needs the ID of a WebSocket, a number; hawser streams lists them");
      }
      return { type: "tail", id: Number(argument), options };
    default:
      return command satisfies never;
  }
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(CommandOptions, name);
}

function unknownOption(option: string, known: readonly OptionName[]): string {
  const nearest = tryNearest(
    option,
    [...Object.keys(Standard), ...known].map((name) => `--${name}`),
  );
  return `there is no option ${option}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

function misuse(complaint: string): CommandLine {
  return { type: "misuse", complaint };
}
