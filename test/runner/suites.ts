import { RunOnce, SecondEngine } from "./engine-runs.ts";
import { H2spec } from "./go-tools.ts";
import { Node26, nodePath } from "./node-versions.ts";
import { Python, WebSocketPackages } from "./python-packages.ts";
import type { Requirement } from "./requirements.ts";
import type { SystemPackage } from "./system-packages.ts";

/** One line of what `npm test` does. */
export interface Suite {
  readonly name: string;
  /** Shell command; the programs of node_modules/.bin are in its PATH. */
  readonly command: string;
  /** How long it should take on 2 cores. It is killed, and has failed, at {@link deadlineOf} that. */
  readonly budgetSeconds: number;
  /** The JSON report that vitest writes; absent where the suite does not count tests. */
  readonly report?: string;
  readonly needs: readonly Requirement[];
}

const Curl: SystemPackage = { kind: "system", name: "curl", programs: ["curl"] };
const Chromium: SystemPackage = { kind: "system", name: "chromium", programs: ["chromium"] };
const IpRoute: SystemPackage = { kind: "system", name: "iproute2", programs: ["ip"] };
const HAProxy: SystemPackage = { kind: "system", name: "haproxy", programs: ["haproxy"] };
const Nghttpx: SystemPackage = { kind: "system", name: "nghttp2-proxy", programs: ["nghttpx"] };
/** With promtool in it. */
const Prometheus: SystemPackage = { kind: "system", name: "prometheus", programs: ["promtool"] };
const Firefox: SystemPackage = { kind: "system", name: "firefox-esr", programs: ["firefox-esr", "firefox"] };

const InteropPrograms: readonly Requirement[] = [Curl, HAProxy, Nghttpx, Python, ...WebSocketPackages];
const Browsers: readonly Requirement[] = [Chromium, Firefox];

/** What reads sockets, writes to them or hands them on by ways that another Node may change. */
const SocketTests = ["h2/", "socket-", "upstream-", "handed-", "attached-", "h1-", "listener"]
  .map((start) => `test/transport/${start}`)
  .join(" ");

const H2specTests = "test/conformance/h2spec";

/** All suites, the quick ones first: a slip in a line of code is told within seconds. */
export const Suites: readonly Suite[] = [
  { name: "format", command: "prettier --check .", budgetSeconds: 30, needs: [] },
  { name: "lint", command: "oxlint --type-aware --deny-warnings", budgetSeconds: 30, needs: [] },
  { name: "types", command: "npm run --silent typecheck", budgetSeconds: 30, needs: [] },
  { name: "knip", command: "npm run --silent knip", budgetSeconds: 30, needs: [] },
  {
    name: "build",
    command: "npm run --silent build && npm run --silent publint && npm run --silent attw",
    budgetSeconds: 60,
    needs: [],
  },
  // Fails at the 60 s that README promises for it.
  vitest("unit", 30),
  vitest("sockets", 150),
  vitest("fault", 540, [IpRoute]),
  vitest("interop", 120, InteropPrograms),
  // Apart from what needs Go, so that nothing else is left out with that.
  vitest("conformance", 240, [], { exclude: H2specTests }),
  vitest("h2spec", 60, [H2spec], { project: "conformance", only: H2specTests }),
  vitest("fuzz", 120),
  vitest("e2e", 300, Browsers),
  vitest("prometheus", 90, [Prometheus]),
  {
    name: Node26.name,
    command: `${nodePath(Node26)} node_modules/vitest/vitest.mjs run --project unit --project sockets ${SocketTests} ${reporters(Node26.name)}`,
    budgetSeconds: 120,
    report: reportOf(Node26.name),
    needs: [Node26],
  },
  // What the others have shown of the default engine of HTTP/2.
  vitest("fault", 420, [IpRoute], { again: true }),
  vitest("interop", 120, InteropPrograms, { again: true }),
  vitest("e2e", 210, Browsers, { again: true }),
];

/** Which tests of which project of vitest's a suite has, where those are not all of the project of its name. */
interface VitestSelection {
  readonly project?: string;
  /** A folder. */
  readonly only?: string;
  /** A folder. */
  readonly exclude?: string;
  /** Only what touches an engine of HTTP/2, on {@link SecondEngine}. */
  readonly again?: boolean;
}

function vitest(
  name: string,
  budgetSeconds: number,
  needs: readonly Requirement[] = [],
  { project = name, only, exclude, again = false }: VitestSelection = {},
): Suite {
  const label = again ? `${name}-${SecondEngine}` : name;
  const excluded = [
    ...(exclude === undefined ? [] : [`${exclude}/**`]),
    ...(again ? Object.keys(RunOnce).filter((file) => file.startsWith(`test/${project}/`)) : []),
  ];
  const parts = [
    ...(again ? [`TESTED_HTTP2_ENGINE=${SecondEngine}`] : []),
    `vitest run --project ${project}`,
    ...(only === undefined ? [] : [`${only}/`]),
    ...excluded.map((pattern) => `--exclude '${pattern}'`),
    reporters(label),
  ];
  const fullName = again ? `${name} (http2.engine: ${SecondEngine})` : name;
  return { name: fullName, command: parts.join(" "), budgetSeconds, report: reportOf(label), needs };
}

function reporters(label: string): string {
  return `--reporter=default --reporter=json --outputFile.json=${reportOf(label)}`;
}

function reportOf(label: string): string {
  return `test-results/${label}.json`;
}

/** Seconds after which a suite with this budget is killed. */
export function deadlineOf(budgetSeconds: number): number {
  return 2 * budgetSeconds;
}

/** The names among `names` that none of `suites` has. */
export function unknownNames(suites: readonly Suite[], names: readonly string[]): readonly string[] {
  return names.filter((name) => !suites.some((suite) => suite.name === name));
}

/** The suites with these names, in the order of `suites`; all of them where no name is given. */
export function selectSuites(suites: readonly Suite[], names: readonly string[]): readonly Suite[] {
  return names.length === 0 ? suites : suites.filter((suite) => names.includes(suite.name));
}
