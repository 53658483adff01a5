import { keysOf, memberOf } from "../../src/gateway/config/raw-value.ts";
import { documentedOptions, type DocumentedOption } from "./documented-options.ts";

/** The options in `schema`, the JSON Schema of a config, as the README has them: a table for each section. */
export function optionsTable(schema: unknown): string {
  const sections = keysOf(memberOf(schema, "properties"));
  const options = documentedOptions(schema);
  const tables = sections.flatMap((section) => {
    const own = options.filter(({ path }) => sectionOf(path) === section);
    const isSection = own.length > 1 || own[0]?.path !== section;
    return isSection ? [sectionTable(section, own, memberOf(memberOf(schema, "properties"), section))] : [];
  });
  const alone = options.filter(({ path }) => sections.includes(path));
  return [table(alone, ""), ...tables].join("\n\n");
}

function sectionTable(section: string, options: readonly DocumentedOption[], schema: unknown): string {
  const form = options[0]?.path.startsWith(`${section}[]`) ? " (a list)" : "";
  const names = options[0]?.path.startsWith(`${section}.NAME`) ? " (by name)" : "";
  return `**\`${section}\`**${form}${names}: ${String(memberOf(schema, "description"))}\n\n${table(options, section)}`;
}

function table(options: readonly DocumentedOption[], section: string): string {
  const rows = options.map((option) => {
    const name = option.path.slice(section.length).replace(/^(?:\[\])?(?:\.NAME)?\.?/, "");
    return `| \`${name}\` | ${standardOf(option)} | ${rangeOf(option)} | ${(option.meaning ?? "").replaceAll("|", "\\|")} |`;
  });
  return ["| option | default | unit and range | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function sectionOf(path: string): string {
  return /^\w+/.exec(path)?.[0] ?? "";
}

function standardOf({ standard, isRequired }: DocumentedOption): string {
  if (isRequired) return "required";
  if (standard === undefined) return "";
  const text = typeof standard === "string" ? standard : JSON.stringify(standard);
  return `\`${text.replaceAll('"', "").replaceAll(",", ", ")}\``;
}

function rangeOf({ isNumber, unit, minimum, maximum, mayBeOff }: DocumentedOption): string {
  if (!isNumber) return "";
  return `${String(unit)}, ${String(minimum)} to ${String(maximum)}${mayBeOff ? ", or `off`" : ""}`;
}
