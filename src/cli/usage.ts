import { tryNearest } from "../gateway/config/nearest.ts";

/** What a command line can ask for. */
export type CommandName = "run" | "check";

const Commands: Readonly<Record<CommandName, { readonly summary: string; readonly details: string }>> = {
  run: {
    summary: "run the gateway that FILE describes",
    details: `Runs the gateway that FILE, a YAML config, describes.

SIGTERM or SIGINT (Ctrl-C) drains it: no new connections, a Close 1012 on each WebSocket, exit 0 when all are gone
or the drain deadline of the config has passed. A second signal ends it at once, with exit code 143 or 130.
Exit code 1: the config has faults, a handler or folder cannot be loaded, or an address cannot be listened on.`,
  },
  check: {
    summary: "say what FILE means, or what is wrong with it",
    details: `Reads FILE, a YAML config, and all it refers to, and prints what it means: listeners, routes in the order in
which they take requests, upstreams, limits, warnings. Nothing is started and nothing is written.

Exit code 1: the config has faults; each is printed with its line.`,
  },
};

/** The text of `hawser --help`, or of `hawser COMMAND --help`. */
export function helpText(command?: CommandName): string {
  if (command !== undefined) return `Usage: hawser ${command} FILE\n\n${Commands[command].details}`;
  const rows = Object.entries(Commands).map(([name, { summary }]) => `  hawser ${`${name} FILE`.padEnd(12)}${summary}`);
  return `hawser, the WebSocket gateway

${rows.join("\n")}
  hawser --version   print the version
  hawser COMMAND --help

NO_COLOR in the environment switches colours off.`;
}

/** Says whether `text` is a command. */
export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(Commands, text);
}

/** The complaint about a `text` that is no command. */
export function unknownCommand(text: string): string {
  const nearest = tryNearest(text, Object.keys(Commands));
  const advice =
    nearest === undefined ? `there are ${Object.keys(Commands).join(" and ")}` : `did you mean ${nearest}?`;
  return `there is no command ${text}; ${advice}`;
}
