import { tryNearest } from "../protocol/nearest.ts";

/** What a command line can ask for. */
export type CommandName = FileCommandName | "schema";

/** The commands that are about a config file. */
export type FileCommandName = "run" | "check";

const Commands: Readonly<
  Record<CommandName, { readonly takesFile: boolean; readonly summary: string; readonly details: string }>
> = {
  run: {
    takesFile: true,
    summary: "run the gateway that FILE describes",
    details: `Runs the gateway that FILE, a YAML config, describes.

SIGHUP, or a change of a file the config is made from, takes the config over anew: whole, or not at all if it has
faults. SIGTERM or SIGINT (Ctrl-C) drains it: no new connections, a Close 1012 on each WebSocket, exit 0 when all are
gone or the drain deadline of the config has passed. A second one ends it at once, with exit code 143 or 130.
Exit code 1: the config has faults, a handler or folder cannot be loaded, or an address cannot be listened on.
Exit code 3: it had several workers, and they kept ending by themselves; the streams that were left were drained.`,
  },
  check: {
    takesFile: true,
    summary: "say what FILE means, or what is wrong with it",
    details: `Reads FILE, a YAML config, and all it refers to, and prints what it means: listeners, routes in the order in
which they take requests, upstreams, access, limits, the memory and the files it may need at most, deadlines,
warnings. Nothing is started and nothing is written.

Exit code 1: the config has faults; each is printed with its line.`,
  },
  schema: {
    takesFile: false,
    summary: "print the JSON Schema of a config, for editors",
    details: `Prints the JSON Schema (draft 2020-12) of a config: every option with its meaning, default and range.

An editor with a YAML language server completes and checks a config that begins with the line
# yaml-language-server: $schema=PATH
where PATH is that of a file with this output.`,
  },
};

/** The text of `hawser --help`, or of `hawser COMMAND --help`. */
export function helpText(command?: CommandName): string {
  if (command !== undefined) return `Usage: hawser ${form(command)}\n\n${Commands[command].details}`;
  const rows = Object.keys(Commands)
    .filter((name) => isCommandName(name))
    .map((name) => `  hawser ${form(name).padEnd(12)}${Commands[name].summary}`);
  return `hawser, the WebSocket gateway

${rows.join("\n")}
  hawser --version   print the version
  hawser COMMAND --help

NO_COLOR in the environment switches colours off. \${NAME} in a config is taken from the environment.`;
}

function form(command: CommandName): string {
  return Commands[command].takesFile ? `${command} FILE` : command;
}

/** Says whether `text` is a command. */
export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(Commands, text);
}

/** Says whether `command` is about a config file. */
export function isFileCommand(command: CommandName): command is FileCommandName {
  return Commands[command].takesFile;
}

/** The complaint about a `text` that is no command. */
export function unknownCommand(text: string): string {
  const names = Object.keys(Commands);
  const nearest = tryNearest(text, names);
  const advice =
    nearest === undefined
      ? `there are ${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
      : `did you mean ${nearest}?`;
  return `there is no command ${text}; ${advice}`;
}
