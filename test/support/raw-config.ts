import type { RawConfig } from "../../src/gateway/config/raw-config.ts";

/** A config of one file in `/config`, as YAML gave it, in which nothing comes from the environment. */
export function rawConfig(value: unknown): RawConfig {
  return { value, written: value, folderOf: () => "/config" };
}
