import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import { DefaultServerOptions } from "../../src/websocket/server-options.ts";
import { importsOf } from "../support/imports.ts";
import { RunOnce, SecondEngine } from "./engine-runs.ts";
import { Suites } from "./suites.ts";

const Root = join(import.meta.dirname, "../..");
/** The suites that must pass on each engine. */
const OnBoth = ["fault", "interop", "conformance", "e2e"] as const;
const Files = OnBoth.flatMap((suite) => globSync(`test/${suite}/**/*.test.ts`, { cwd: Root }));
/** It says on which engine a test runs that names none. */
const Marker = "test/support/tested-engine.ts";

/** `path`, and all files of tests that it imports, directly or not. */
function filesOf(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path) || !path.startsWith("test/")) return found;
  found.add(path);
  for (const { specifier } of importsOf(readFileSync(join(Root, path), "utf8"))) {
    if (specifier?.startsWith(".") && specifier.endsWith(".ts")) filesOf(join(dirname(path), specifier), found);
  }
  return found;
}

/** The engines that `path`, or what it imports from its own suite, speaks of. */
function namedEngines(path: string): readonly string[] {
  const suite = /^test\/\w+\//.exec(path)?.[0] ?? path;
  const own = Array.from(filesOf(path)).filter((file) => file.startsWith(suite));
  const text = own.map((file) => readFileSync(join(Root, file), "utf8")).join("");
  return H2EngineNames.filter((name) => text.includes("H2EngineNames") || text.includes(`"${name}"`));
}

describe("a file of a suite that must pass on both HTTP/2 engines", () => {
  test("is run twice, unless it is said why not", () => {
    const twice = Files.filter((file) => !Object.hasOwn(RunOnce, file));
    expect(twice.filter((file) => !filesOf(file).has(Marker))).toEqual([]);
    expect(twice.filter((file) => secondRunsOf(file).length !== 1)).toEqual([]);
  });

  const once = Object.keys(RunOnce);

  test.each(once)("%s is run once", (file) => {
    expect(Files).toContain(file);
    expect(secondRunsOf(file)).toEqual([]);
  });

  test.each(once.filter((file) => RunOnce[file] === "touches none"))("%s touches none", (file) => {
    expect(filesOf(file).has(Marker)).toBe(false);
  });

  test.each(once.filter((file) => RunOnce[file] !== "touches none"))("%s names those it needs", (file) => {
    const isForOne = RunOnce[file] === "asks for what one alone can do";
    expect(namedEngines(file)).toEqual(isForOne ? ["hawser"] : H2EngineNames);
  });
});

test("the second run is not on the engine of the first", () => {
  expect(DefaultServerOptions.http2.engine).not.toBe(SecondEngine);
});

/** The suites that run `file` on the second engine. */
function secondRunsOf(file: string): readonly string[] {
  const runs = Suites.filter(({ command }) => {
    const project = /--project (\w+)/.exec(command)?.[1];
    const isSecond = command.startsWith(`TESTED_HTTP2_ENGINE=${SecondEngine} `);
    return isSecond && file.startsWith(`test/${project}/`) && !command.includes(`--exclude '${file}'`);
  });
  return runs.map(({ name }) => name);
}
