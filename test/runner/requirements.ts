import { goInstallation, hasGoTool, type GoTool } from "./go-tools.ts";
import type { Installation } from "./installation.ts";
import { hasNode, nodeInstallation, type NodeVersion } from "./node-versions.ts";
import { hasPythonPackage, Pip, pythonInstallation, WebSocketPackages, type PythonPackage } from "./python-packages.ts";
import type { Surroundings } from "./surroundings.ts";
import { hasSystemPackage, systemInstallation, type SystemPackage } from "./system-packages.ts";

/** What a suite cannot do without. */
export type Requirement = SystemPackage | GoTool | NodeVersion | PythonPackage;

/** Those of `requirements` that are not installed, each once. */
export function unmet(requirements: readonly Requirement[], around: Surroundings): readonly Requirement[] {
  return [...new Set(requirements)].filter((one) => !isMet(one, around));
}

function isMet(one: Requirement, around: Surroundings): boolean {
  switch (one.kind) {
    case "system":
      return hasSystemPackage(one, around);
    case "go":
      return hasGoTool(one, around);
    case "node":
      return hasNode(one, around);
    default:
      return hasPythonPackage(one, around);
  }
}

/** One step of installing what is missing: the installations it consists of, as things stand when it is its turn. */
export type InstallationStep = (missing: readonly Requirement[], around: Surroundings) => readonly Installation[];

/** The steps, in their order: the system's packages first, since pip is one of them. */
export const InstallationSteps: readonly InstallationStep[] = [installSystem, installGo, installNode, installPython];

function installSystem(missing: readonly Requirement[], around: Surroundings): readonly Installation[] {
  const packages = missing.filter((one) => one.kind === "system");
  const isPipNeeded = missing.some((one) => one.kind === "python") && !hasSystemPackage(Pip, around);
  const all = isPipNeeded ? [...packages, Pip] : packages;
  return all.length === 0 ? [] : [systemInstallation(all, around)];
}

function installGo(missing: readonly Requirement[], around: Surroundings): readonly Installation[] {
  return missing.filter((one) => one.kind === "go").map((tool) => goInstallation(tool, around));
}

function installNode(missing: readonly Requirement[], around: Surroundings): readonly Installation[] {
  return missing.filter((one) => one.kind === "node").map((node) => nodeInstallation(node, around));
}

function installPython(missing: readonly Requirement[], around: Surroundings): readonly Installation[] {
  return missing.some((one) => one.kind === "python") ? [pythonInstallation(WebSocketPackages, around)] : [];
}
