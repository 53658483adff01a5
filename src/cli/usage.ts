import { tryNearest } from "../protocol/nearest.ts";

/** What a command line can ask for. */
export type CommandName = FileCommandName | "schema" | AdminCommandName;

/** The commands that are about a config file. */
export type FileCommandName = "run" | "check";

/** The commands that ask a gateway that runs. */
export type AdminCommandName = "top" | "streams" | "tail";

/** The options that some commands take, and what stands for their values; none for those that are a flag. */
export const CommandOptions = {
  admin: "URL",
  "token-file": "FILE",
  route: "NAME",
  upstream: "NAME",
  protocol: "h1|h2",
  search: "TEXT",
  order: "WHAT",
  ascending: undefined,
  limit: "N",
  preview: undefined,
  json: undefined,
} as const;

/** The name of such an option. */
export type OptionName = keyof typeof CommandOptions;

interface Command {
  readonly argument: "FILE" | "ID" | undefined;
  readonly options: readonly OptionName[];
  readonly summary: string;
  readonly details: string;
}

const Asking = ["admin", "token-file"] as const;

const WhomItAsks = `It asks the admin port at --admin URL, or at HAWSER_ADMIN in the environment, or at that of a config without one:
http://127.0.0.1:9464. With admin.auth in the config: a token is in the file of --token-file, or in HAWSER_ADMIN_TOKEN;
user and password are in the URL, http://USER:PASSWORD@HOST:PORT, best by HAWSER_ADMIN.

Exit code 1: the gateway cannot be asked, or says no.`;

const Commands: Readonly<Record<CommandName, Command>> = {
  run: {
    argument: "FILE",
    options: [],
    summary: "run the gateway that FILE describes",
    details: `Runs the gateway that FILE, a YAML config, describes.

SIGHUP, or a change of a file the config is made from, takes the config over anew: whole, or not at all if it has
faults. SIGTERM or SIGINT (Ctrl-C) drains it: no new connections, a Close 1012 on each WebSocket, exit 0 when all are
gone or the drain deadline of the config has passed. A second one ends it at once, with exit code 143 or 130.
Exit code 1: the config has faults, a handler or folder cannot be loaded, or an address cannot be listened on.
Exit code 3: it had several workers, and they kept ending by themselves; the streams that were left were drained.`,
  },
  check: {
    argument: "FILE",
    options: [],
    summary: "say what FILE means, or what is wrong with it",
    details: `Reads FILE, a YAML config, and all it refers to, and prints what it means: listeners, routes in the order in
which they take requests, upstreams, access, limits, the memory and the files it may need at most, deadlines,
warnings. Nothing is started and nothing is written.

Exit code 1: the config has faults; each is printed with its line.`,
  },
  schema: {
    argument: undefined,
    options: [],
    summary: "print the JSON Schema of a config, for editors",
    details: `Prints the JSON Schema (draft 2020-12) of a config: every option with its meaning, default and range.

An editor with a YAML language server completes and checks a config that begins with the line
# yaml-language-server: $schema=PATH
where PATH is that of a file with this output.`,
  },
  top: {
    argument: undefined,
    options: Asking,
    summary: "watch the WebSockets of a gateway that runs",
    details: `Shows what passes through a gateway that runs, and its WebSockets, every second anew.

Keys: a age, b bytes, m messages, r rate, i idle, u unsent, n number: what they are sorted by, and with the same key
again the other way round. / looks for a text, k closes the WebSocket of the line, p pauses, q quits. Arrows, PgUp,
PgDn, Home and End move. Where the output is no terminal it prints once what it sees, and ends.

${WhomItAsks}`,
  },
  streams: {
    argument: undefined,
    options: [...Asking, "route", "upstream", "protocol", "search", "order", "ascending", "limit", "json"],
    summary: "list the WebSockets of a gateway that runs",
    details: `Lists the WebSockets that are open: those of a --route, to an --upstream, of a --protocol (h1 or h2), with the text
--search in the name of their route or upstream, their subprotocol or their client's address. They are in the --order
of age, bytes, messages, rate (the default), idle, buffered or id, the largest first, or with --ascending the smallest;
with --limit there are no more than that. --json prints each as a line of JSON.

${WhomItAsks}`,
  },
  tail: {
    argument: "ID",
    options: [...Asking, "preview", "json"],
    summary: "watch the frames of one WebSocket",
    details: `Prints a line for each frame of the WebSocket ID, as \`hawser streams\` numbers it, from now until it ends: direction,
opcode, size; never a payload. With --preview also how a text begins, where its route allows that. --json prints each
as a line of JSON.

${WhomItAsks}`,
  },
};

/** The text of `hawser --help`, or of `hawser COMMAND --help`. */
export function helpText(command?: CommandName): string {
  if (command !== undefined) return `Usage: hawser ${usageOf(command)}\n\n${Commands[command].details}`;
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
  const { argument } = Commands[command];
  return argument === undefined ? command : `${command} ${argument}`;
}

function usageOf(command: CommandName): string {
  const { options } = Commands[command];
  const own = options.filter((name) => !Asking.some((one) => one === name));
  const lines = [options.filter((name) => !own.includes(name)), own].filter((names) => names.length > 0);
  const written = (name: OptionName): string => {
    const value = CommandOptions[name];
    return value === undefined ? `[--${name}]` : `[--${name} ${value}]`;
  };
  return [form(command), ...lines.map((names) => `  ${names.map(written).join(" ")}`)].join("\n");
}

/** Says whether `text` is a command. */
export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(Commands, text);
}

/** What has to stand behind `command`. */
export function argumentOf(command: CommandName): "FILE" | "ID" | undefined {
  return Commands[command].argument;
}

/** The options that `command` takes, beside --help and --version. */
export function optionsOf(command: CommandName): readonly OptionName[] {
  return Commands[command].options;
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
