import type { Fault } from "./fault.ts";
import type { RawConfig } from "./raw-config.ts";
import { isMapping, memberOf } from "./raw-value.ts";

const Cure = "give a token, or user and password";

/** What the options of `admin.auth` have against each other. */
export function checkAdmin(raw: RawConfig): Fault[] {
  const path = ["admin", "auth"];
  const auth = memberOf(memberOf(raw.value, "admin"), "auth");
  if (!isMapping(auth)) return [];
  const has = (name: string): boolean => memberOf(auth, name) !== undefined;
  if (has("token")) {
    return ["user", "password"]
      .filter(has)
      .map((name) => ({ path: [...path, name], at: "key", message: `not beside a token: ${Cure}` }));
  }
  const missing = ["user", "password"].filter((name) => !has(name));
  if (missing.length === 2) return [{ path, at: "value", message: `nobody could show anything: ${Cure}` }];
  return missing.map((name) => ({ path: [...path, name], at: "value", message: `missing: ${Cure}` }));
}
