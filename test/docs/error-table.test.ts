import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCatalogue } from "../../src/protocol/errors.ts";

const Root = join(import.meta.dirname, "../..");

/** The rows between the README's markers, cells trimmed. */
function documentedErrors(): string[][] {
  const readme = readFileSync(join(Root, "README.md"), "utf8");
  const table = /<!-- errors -->([^]*)<!-- \/errors -->/.exec(readme)?.[1] ?? "";
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("the errors in the README", () => {
  test("are those of the catalogue, in its order, each with its close code and its rule", () => {
    const catalogue = Object.entries(errorCatalogue).map(([code, { closeCode, rule }]) => [
      code,
      String(closeCode),
      rule,
    ]);
    expect(documentedErrors().map(([code, closeCode, , , rule]) => [code, closeCode, rule])).toEqual(catalogue);
  });

  test("say who causes them, and when", () => {
    const whos = documentedErrors().map(([, , who]) => who!.split(", "));
    expect(new Set(whos.flat())).toEqual(new Set(["peer", "caller", "transport"]));
    expect(documentedErrors().filter(([, , , when]) => when === "")).toEqual([]);
  });
});

test("every error of the catalogue is one that the library can come to", () => {
  const files = readdirSync(join(Root, "src"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && file !== join("protocol", "errors.ts"));
  const source = sources.map((file) => readFileSync(join(Root, "src", file), "utf8")).join("\n");
  expect(Object.keys(errorCatalogue).filter((code) => !source.includes(`"${code}"`))).toEqual([]);
});
