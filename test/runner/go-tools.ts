import { join } from "node:path";
import type { Installation } from "./installation.ts";
import { isExecutable, tryProgram, type Surroundings } from "./surroundings.ts";

/** A tool that is built from its source in Go. */
export interface GoTool {
  readonly kind: "go";
  readonly name: string;
  /** The package that is built. */
  readonly source: string;
  /** As in go/go.mod, which has what it is built of too. */
  readonly version: string;
}

/** The conformance tests of HTTP/2. 2.2.1 is the last version that has no go.mod, so the last that Go can install. */
export const H2spec: GoTool = {
  kind: "go",
  name: "h2spec",
  source: "github.com/summerwind/h2spec/cmd/h2spec",
  version: "v2.2.1",
};

/** Where `tool` is, or will be, in the project: another version is another place. */
export function goToolPath({ name, version }: GoTool): string {
  return `${goToolFolder({ name, version })}/${name}`;
}

function goToolFolder({ name, version }: Pick<GoTool, "name" | "version">): string {
  return `node_modules/.cache/tools/${name}-${version}`;
}

/** Whether `tool` is installed. */
export function hasGoTool(tool: GoTool, { projectFolder }: Surroundings): boolean {
  return isExecutable(join(projectFolder, goToolPath(tool)));
}

/** Builds `tool` from the versions and checksums of go/go.mod and go/go.sum. */
export function goInstallation(tool: GoTool, { searchPath }: Surroundings): Installation {
  const settings = `GOBIN="$PWD/${goToolFolder(tool)}" GOWORK=off GOFLAGS=-modcacherw CGO_ENABLED=0`;
  return {
    names: [tool.name],
    command: `(export ${settings}; cd test/runner/go && go install ${tool.source})`,
    timeoutSeconds: 300,
    obstacle:
      tryProgram(["go"], searchPath) === undefined ? "once Go 1.17 or later is in PATH (Debian: golang-go)" : undefined,
    cure: "It needs Go 1.17 or later, and the module proxy that `go env GOPROXY` names.",
  };
}
