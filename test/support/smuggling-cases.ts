import type { SmugglingCase } from "./smuggling-attempts.ts";
import { FramingCases } from "./smuggling-framing.ts";
import { HeadCases } from "./smuggling-heads.ts";
import { UpgradeCases } from "./smuggling-upgrades.ts";

/** The corpus. Every case is a name for one way to smuggle a request or to inject a field. */
export const SmugglingCases: readonly SmugglingCase[] = [...FramingCases, ...HeadCases, ...UpgradeCases];
