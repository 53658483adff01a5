import { posix } from "node:path";
import { cyclesOf } from "./cycles.ts";
import { importsOf, type Import } from "./imports.ts";

/** Source files by path from the project's root, `/` between folders. */
export type Tree = ReadonlyMap<string, string>;

/**
 * The folders of src/, lowest floor first: a file imports from its own floor and from lower ones. The two that share a
 * line are one floor, where only cycles are forbidden.
 */
const Floors: readonly (readonly string[])[] = [
  ["src/protocol"],
  ["src/protocol/frame"],
  ["src/protocol/message"],
  ["src/protocol/handshake"],
  ["src/transport", "src/transport/h2"],
  ["src/websocket"],
  ["src"],
  ["src/gateway/config"],
  ["src/gateway/telemetry"],
  ["src/gateway/routing"],
  ["src/gateway/policy"],
  ["src/gateway/serving"],
  ["src/gateway/lifecycle"],
  ["src/gateway/admin"],
  ["src/gateway/admin/console"],
  ["src/gateway"],
  ["src/cli"],
];

/** Who may import what npm installs, and those modules of node that open sockets or load code. */
const Owners: Readonly<Record<string, readonly string[]>> = {
  "node:net": ["src/transport"],
  "node:tls": ["src/transport"],
  "node:http2": ["src/transport"],
  "node:http": ["src/transport", "src/gateway/admin"],
  "node:https": [],
  "node:dgram": [],
  "node:module": ["src/cli"],
  zod: ["src/gateway/config"],
  yaml: ["src/gateway/config"],
  selfsigned: ["src/gateway/config"],
  "prom-client": ["src/gateway/telemetry"],
  "@opentelemetry/api": ["src/gateway/telemetry"],
  "@opentelemetry/exporter-trace-otlp-http": ["src/gateway/telemetry"],
  "@opentelemetry/resources": ["src/gateway/telemetry"],
  "@opentelemetry/sdk-trace": ["src/gateway/telemetry"],
  preact: ["src/gateway/admin/console"],
  "preact/hooks": ["src/gateway/admin/console"],
  uplot: ["src/gateway/admin/console"],
  esbuild: ["src/gateway/admin/console"],
  undici: ["src/gateway/serving"],
  "@fastify/send": ["src/gateway/serving"],
};

/** What of node:net opens no socket: the whole gateway may reckon with addresses. */
const AddressNames = ["AddressInfo", "BlockList", "SocketAddress", "isIP", "isIPv4", "isIPv6"];

/** All that protocol/ needs of node: no socket, no timer, no clock. */
const PureModules = ["node:buffer", "node:crypto", "node:zlib"];

/** The one place that loads a module named by the configuration. */
const ModuleLoader = "src/gateway/serving/handlers.ts";

/** The one class whose shape is not ours: the web platform says what it inherits from. */
const BrowserShaped = "src/websocket/web-socket.ts";

const AtticName = /^(utils?|common|helpers?|misc|shared|lib|types|index)$/;
const MaxLines = 350;

/** What stands in the project's root, besides what git ignores. */
const TopLevel = new Set([
  ...["src", "test", "config", "dashboards", "helm", "Dockerfile", "README.md", "CHANGELOG.md", "LICENSE"],
  ...["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json", "vitest.config.ts", "knip.json"],
  ...[".git", ".ci", ".gitignore", ".dockerignore", ".oxlintrc.json", ".prettierrc.json", ".prettierignore"],
]);

/** What breaks the house rules in `tree` (paths below src/ and test/), one line each. */
export function architectureFaults(tree: Tree): string[] {
  const files = Array.from(tree, ([path, source]) => ({ path, source, imports: importsOf(source) }));
  const house = files.filter(({ path }) => path.startsWith("src/"));
  const graph = new Map(house.map(({ path, imports }) => [path, imports.flatMap((one) => tryTarget(path, one) ?? [])]));
  return [
    ...files.flatMap(({ path, source }) => shapeFaults(path, source)),
    ...house.flatMap(({ path, source }) => styleFaults(path, source)),
    ...house.flatMap(({ path, imports }) => imports.flatMap((one) => tryImportFault(path, one) ?? [])),
    ...cyclesOf(graph).map((cycle) => `${cycle.join(", ")}: import one another in a cycle`),
  ];
}

/** What does not belong into the project's root. */
export function topLevelFaults(names: readonly string[], ignored: readonly string[]): string[] {
  const strangers = names.filter((name) => !TopLevel.has(name) && !ignored.includes(name));
  return strangers.map((name) => `${name}: does not belong into the top level`);
}

function shapeFaults(path: string, source: string): string[] {
  const faults: string[] = [];
  const isAttic = path.split("/").some((part) => AtticName.test(part.replace(/\..*$/, "")));
  if (isAttic && path !== "src/index.ts") faults.push(`${path}: the name of an attic; say what it holds`);
  const lines = source.split("\n").length - 1;
  if (lines > MaxLines) faults.push(`${path}: ${lines} lines; more than ${MaxLines} are two files`);
  if (/^export default\b/m.test(source)) faults.push(`${path}: a default export`);
  return faults;
}

function styleFaults(path: string, source: string): string[] {
  const code = source.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  const faults: string[] = [];
  for (const [, base] of code.matchAll(/\bclass\b[^{]*?\bextends\s+([\w.]+)/g)) {
    const isWebPlatform = base === "EventTarget" && path === BrowserShaped;
    if (base !== "Error" && !isWebPlatform) faults.push(`${path}: inherits from ${base}; only Error is inherited from`);
  }
  if (/(?:[:<|&,]|=>|\bas)\s*any\b(?!\s+\w)/.test(code)) faults.push(`${path}: the type any`);
  if (floorOf(path) === -1) faults.push(`${path}: stands on no floor`);
  return faults;
}

function tryImportFault(path: string, one: Import): string | undefined {
  if (one.specifier === undefined) {
    return path === ModuleLoader ? undefined : `${path}: imports what is only known at run time`;
  }
  const target = tryTarget(path, one);
  if (target === undefined) return tryPackageFault(path, one.specifier, one.names);
  if (target === "src/index.ts") return `${path}: imports the package's door, ${target}`;
  if (!target.startsWith("src/")) return `${path}: imports from outside of src, ${target}`;
  return floorOf(target) > floorOf(path) ? `${path}: imports upward, ${target}` : undefined;
}

function tryPackageFault(path: string, specifier: string, names: readonly string[]): string | undefined {
  if (path.startsWith("src/protocol/")) {
    return PureModules.includes(specifier) ? undefined : `${path}: is pure and imports ${specifier}`;
  }
  const owners = Owners[specifier];
  if (owners === undefined) {
    return specifier.startsWith("node:") ? undefined : `${path}: imports ${specifier}, which nobody owns`;
  }
  if (owners.some((owner) => path.startsWith(`${owner}/`))) return undefined;
  const isArithmetic =
    specifier === "node:net" && names.length > 0 && names.every((name) => AddressNames.includes(name));
  if (isArithmetic && path.startsWith("src/gateway/")) return undefined;
  return `${path}: imports ${specifier}, which belongs to ${owners.join(" and ") || "nobody"}`;
}

/** The path a relative import leads to; `undefined` for a package. */
function tryTarget(path: string, { specifier }: Import): string | undefined {
  return specifier?.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

function floorOf(path: string): number {
  return Floors.findIndex((folders) => folders.includes(posix.dirname(path)));
}
