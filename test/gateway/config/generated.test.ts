import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configJsonSchema } from "../../../src/gateway/config/json-schema.ts";
import { ConfigSchema } from "../../../src/gateway/config/schema.ts";
import { optionsTable } from "../../support/options-table.ts";

const Root = join(import.meta.dirname, "../../..");

async function formatted(text: string, file: string): Promise<string> {
  return await format(text, { ...(await resolveConfig(file)), filepath: file });
}

describe("as the schema has it (if not: npx vitest run test/gateway/config/generated.test.ts -u)", () => {
  test("config/schema.json is what `hawser schema` prints", async () => {
    const file = join(Root, "config/schema.json");
    await expect(await formatted(JSON.stringify(configJsonSchema()), file)).toMatchFileSnapshot(file);
  });

  test("the README has every option", async () => {
    const file = join(Root, "README.md");
    const readme = await readFile(file, "utf8");
    const [before, rest = ""] = readme.split("<!-- options -->\n");
    const [, after = ""] = rest.split("<!-- /options -->\n");
    const table = optionsTable(z.toJSONSchema(ConfigSchema, { io: "input" }));
    const whole = `${before}<!-- options -->\n\n<!-- prettier-ignore-start -->\n${table}\n<!-- prettier-ignore-end -->\n\n<!-- /options -->\n${after}`;
    expect(readme).toContain("<!-- /options -->\n");
    await expect(whole).toMatchFileSnapshot(file);
  });
});
