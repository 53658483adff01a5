import { execFileSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ownSurroundings, tryProgram } from "../../runner/surroundings.ts";
import { startOnCore } from "../../support/bench-process.ts";
import { freePort } from "../../support/ports.ts";

const Main = join(import.meta.dirname, "../../../src/cli/main.ts");
const StopMs = 5_000;
const Templates = join(import.meta.dirname, "../peers");

/** A gateway that can be measured. */
export interface GatewayKind {
  readonly name: string;
  readonly version: string;
  /** The file in `peers/` that configures it. */
  readonly template: string;
  /** Scenarios of this protocol alone: it has no other WebSockets. */
  readonly onlyOver?: "http/1.1";
  /** What that file does not say. */
  readonly more?: string;
  command(config: string): readonly [string, ...string[]];
}

/** What a configuration is told. */
export interface Surroundings {
  /** Has `cert.pem`, `key.pem` and both in `both.pem`; configurations go there, too. */
  readonly folder: string;
  readonly backendPort: number;
  readonly core: string | undefined;
}

/** A gateway that runs. */
export interface RunningGateway {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** What all others are measured for. */
export const OwnName = "hawser";

/** hawser as it lies here, on the node that runs this; `engine` is for its HTTP/2, where that is not the default. */
export function hawser(engine: string | undefined): GatewayKind {
  return {
    name: OwnName,
    version: [...(engine === undefined ? [] : [`engine ${engine}`]), `node ${process.version}`].join(", "),
    template: "hawser.yaml",
    more: engine === undefined ? "" : `http2: { engine: ${engine} }\n`,
    command: (config) => [process.execPath, "--max-semi-space-size=4", Main, "run", config],
  };
}

interface Peer extends Omit<GatewayKind, "version" | "more" | "command"> {
  readonly versionArgs: readonly string[];
  args(config: string): readonly string[];
}

/** The first of them is what all are compared with. */
const Peers: readonly Peer[] = [
  { name: "haproxy", template: "haproxy.cfg", versionArgs: ["-v"], args: (config) => ["-db", "-f", config] },
  { name: "nghttpx", template: "nghttpx.conf", versionArgs: ["--version"], args: (config) => ["--conf", config] },
  {
    name: "envoy",
    template: "envoy.yaml",
    versionArgs: ["--version"],
    args: (config) => ["-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "off"],
  },
  {
    name: "nginx",
    template: "nginx.conf",
    onlyOver: "http/1.1",
    versionArgs: ["-v"],
    args: (config) => ["-c", config, "-e", "stderr"],
  },
];

/** The peers of this machine: those of `names`, a list with commas, that are in PATH. */
export function findPeers(names: string): readonly GatewayKind[] {
  const wanted = names.split(",").filter(Boolean);
  const unknown = wanted.find((name) => !Peers.some((peer) => peer.name === name));
  if (unknown !== undefined) throw new Error(`there is no peer ${unknown}: ${Peers.map(({ name }) => name).join()}`);
  return Peers.filter(({ name }) => wanted.includes(name)).flatMap(({ versionArgs, args, ...peer }) => {
    const program = tryProgram([peer.name], ownSurroundings().searchPath);
    if (program === undefined) return [];
    const version = versionOf(program, versionArgs);
    return [{ ...peer, version, command: (config: string) => [program, ...args(config)] as const }];
  });
}

/** The first number with a dot in what `program` says of itself. */
function versionOf(program: string, args: readonly string[]): string {
  const said = execFileSync("sh", ["-c", '"$0" "$@" 2>&1', program, ...args], { encoding: "utf8" });
  return /\d+\.[\d.]*\d/.exec(said)?.[0] ?? "";
}

/** Starts `kind` on a port of its own; resolves once it listens. */
export async function startGateway(kind: GatewayKind, around: Surroundings): Promise<RunningGateway> {
  const port = await freePort();
  const config = join(around.folder, kind.template);
  await writeFile(config, await configOf(kind, port, around));
  const child = await startOnCore(around.core, port, ...kind.command(config));
  return { port, pid: child.pid ?? 0, stop: () => stop(child) };
}

async function configOf({ template, more = "" }: GatewayKind, port: number, around: Surroundings): Promise<string> {
  const text = await readFile(join(Templates, template), "utf8");
  const config = text
    .replaceAll("$PORT", String(port))
    .replaceAll("$BACKEND_PORT", String(around.backendPort))
    .replaceAll("$FOLDER", around.folder);
  return config + more;
}

/** Not by force at first: a master has workers to end. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), StopMs);
  await gone;
  clearTimeout(timer);
}
