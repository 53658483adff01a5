import { formatPath, type ConfigPath } from "./fault.ts";

const SecretOptions = new Set(["admin.auth.token", "admin.auth.password"]);

/** What stands behind the name of such an option on its line; a reference to the environment is no secret. */
const WrittenSecret = /(?<=\b(?:token|password)\b["']?:[ \t]*)(?!["']?\$\{)[^\s#][^\r\n]*/g;

/** Says whether nobody is to be shown the value of the option at `path`. */
export function isSecret(path: ConfigPath): boolean {
  return SecretOptions.has(formatPath(path));
}

/** `text`, YAML or what was meant to be, with a star for each sign of a secret in it: columns stay where they are. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(WrittenSecret, (secret) => "*".repeat(secret.length));
}
