import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { goToolPath, H2spec } from "./go-tools.ts";
import { failureNotice, obstacleNotice, type Installation } from "./installation.ts";
import { Node26, nodePath } from "./node-versions.ts";
import { Pip, Python, PythonFolder, WebSocketPackages } from "./python-packages.ts";
import { InstallationSteps, unmet, type Requirement } from "./requirements.ts";
import type { Surroundings } from "./surroundings.ts";
import type { SystemPackage } from "./system-packages.ts";

const Shell: SystemPackage = { kind: "system", name: "dash", programs: ["no-such-shell", "dash"] };
const Absent: SystemPackage = { kind: "system", name: "absent", programs: ["no-such-program"] };
const All: readonly Requirement[] = [Shell, Absent, Absent, Python, H2spec, Node26, ...WebSocketPackages];

/** A project with nothing but `files`, on a machine with nothing but `programs`. */
async function machine(
  programs: readonly string[] = [],
  { files = [], isRoot = true }: { files?: readonly string[]; isRoot?: boolean } = {},
): Promise<Surroundings> {
  const projectFolder = await mkdtemp(join(tmpdir(), "requirements-"));
  onTestFinished(() => rm(projectFolder, { recursive: true, force: true }));
  for (const path of [...programs.map((program) => `bin/${program}`), ...files]) {
    const file = join(projectFolder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "");
    await chmod(file, 0o755);
  }
  return { projectFolder, searchPath: `/nowhere:${join(projectFolder, "bin")}`, isRoot };
}

const namesOf = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);

function installationsOn(around: Surroundings, needs = All): readonly Installation[] {
  return InstallationSteps.flatMap((installationsOf) => installationsOf(unmet(needs, around), around));
}

describe("a requirement", () => {
  const python = WebSocketPackages.map(({ name, version }) => `${PythonFolder}/${name}-${version}.dist-info/METADATA`);

  test.each([
    { machine: "nothing", programs: [], files: [], missing: namesOf([...new Set(All)]) },
    { machine: "a program", programs: ["dash"], files: [], missing: namesOf([...new Set(All)].slice(1)) },
    {
      machine: "all programs, no library",
      programs: ["dash", "no-such-program", "python3"],
      files: [goToolPath(H2spec), nodePath(Node26)],
      missing: ["websockets", "wsproto", "h11"],
    },
    {
      machine: "another version of a library",
      programs: ["dash", "no-such-program", "python3"],
      files: [
        goToolPath(H2spec),
        nodePath(Node26),
        ...python.slice(1),
        `${PythonFolder}/websockets-15.0.1.dist-info/METADATA`,
      ],
      missing: ["websockets"],
    },
    {
      machine: "all",
      programs: ["dash", "no-such-program", "python3"],
      files: [goToolPath(H2spec), nodePath(Node26), ...python],
      missing: [],
    },
  ])("is met by what is there: $machine", async ({ programs, files, missing }) => {
    expect(namesOf(unmet(All, await machine(programs, { files })))).toEqual(missing);
  });
});

describe("what is missing", () => {
  test("is installed in the order in which it needs each other, on Debian by root without a word", async () => {
    const around = await machine(["apt-get", "go", "npm", "python3", "pip3"]);
    const installations = installationsOn(around);
    expect(installations.map(({ names }) => names)).toEqual([
      ["dash", "absent"],
      ["h2spec"],
      ["node-26"],
      ["websockets", "wsproto", "h11"],
    ]);
    for (const { obstacle } of installations) expect(obstacle).toBeUndefined();
  });

  test("brings pip with it where there is none, and only for libraries", async () => {
    const around = await machine(["apt-get", "go", "python3"]);
    expect(installationsOn(around, [Absent, H2spec])[0]?.names).toEqual(["absent"]);
    expect(installationsOn(around, [...WebSocketPackages])[0]?.names).toEqual([Pip.name]);
  });

  test("is nothing where nothing is missing", async () => {
    expect(installationsOn(await machine(["dash"]), [Shell])).toEqual([]);
  });

  test.each([
    { kind: "a package, without apt-get", programs: ["go", "npm", "python3", "pip3"], isRoot: true, at: 0 },
    { kind: "a package, without root", programs: ["apt-get", "go", "npm", "python3", "pip3"], isRoot: false, at: 0 },
    { kind: "a Go tool, without Go", programs: ["apt-get", "npm", "python3", "pip3"], isRoot: true, at: 1 },
    { kind: "another Node, without npm", programs: ["apt-get", "go", "python3", "pip3"], isRoot: true, at: 2 },
    { kind: "a library, without pip", programs: ["apt-get", "go", "npm", "python3"], isRoot: true, at: 3 },
    { kind: "a library, without Python", programs: ["apt-get", "go", "npm", "pip3"], isRoot: true, at: 3 },
  ])("is left to the reader: $kind", async ({ programs, isRoot, at }) => {
    const installations = installationsOn(await machine(programs, { isRoot }));
    expect(installations.map(({ obstacle }) => obstacle !== undefined)).toEqual(
      [0, 1, 2, 3].map((index) => index === at),
    );
    const { names, command, obstacle } = installations[at]!;
    const notice = obstacleNotice(installations[at]!);
    for (const part of [names.join(", "), command, obstacle!]) expect(notice).toContain(part);
  });

  test("and cannot be installed is told with its output, its command and the cure", async () => {
    for (const installation of installationsOn(await machine(["apt-get", "go", "npm", "python3", "pip3"]))) {
      const notice = failureNotice(installation, "no route to host\n");
      for (const part of ["no route to host", installation.command, installation.cure]) expect(notice).toContain(part);
      expect(installation.timeoutSeconds).toBeLessThanOrEqual(600);
    }
  });

  test("is installed without what it only recommends, and with nothing that was not asked for", async () => {
    const [system, , , python] = installationsOn(await machine());
    expect(system?.command).toMatch(/apt-get install .*--no-install-recommends dash absent python3 python3-pip$/);
    expect(python?.command).toMatch(/--no-deps --target \S+ websockets==\S+ wsproto==\S+ h11==\S+$/);
  });
});

test("a Go tool is built from the version that it names", async () => {
  const goMod = await readFile(join(import.meta.dirname, "go/go.mod"), "utf8");
  const module = H2spec.source.split("/").slice(0, 3).join("/");
  expect(goMod).toMatch(new RegExp(`\\t${module} ${H2spec.version}(\\+incompatible)? `));
});
