import { link, mkdir, mkdtemp, rename, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { StaticFiles } from "../../../src/gateway/serving/static-files.ts";
import { fieldValues } from "../../../src/protocol/handshake/field-values.ts";

const Rounds = 400;

/** Runs `swap` again and again until the test is over. */
function keepSwapping(swap: () => Promise<void>): void {
  const over = new AbortController();
  const swapping = (async () => {
    while (!over.signal.aborted) await swap();
  })();
  onTestFinished(async () => {
    over.abort();
    await swapping;
  });
}

/** What `name` is answered, `Rounds` times: its content and the length told, or the status of a refusal. */
async function answers(files: StaticFiles, name: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (let round = 0; round < Rounds; round++) {
    const answer = await files.answer({ method: "GET", path: `/${name}`, fields: [] }, name);
    if (answer.type === "refused") found.add(String(answer.rejection.status));
    else if (answer.content !== undefined) {
      const told = fieldValues(answer.fields, "content-length").join(" ");
      found.add(`${await text(answer.content.stream)} ${told}`);
    }
  }
  return found;
}

test("a file that is replaced again and again has its own length each time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "replaced-"));
  await writeFile(join(folder, "a.txt"), "short");
  const files = await StaticFiles.open(folder);
  keepSwapping(async () => {
    for (const content of ["longer content", "short"]) {
      await writeFile(join(folder, "next"), content);
      await rename(join(folder, "next"), join(folder, "a.txt"));
    }
  });
  const found = await answers(files, "a.txt");
  found.delete("404");
  expect([...found].toSorted((a, b) => a.localeCompare(b))).toEqual(["longer content 14", "short 5"]);
});

test("a file that becomes a link to the outside again and again shows nothing of it", async () => {
  const root = await mkdtemp(join(tmpdir(), "swapped-"));
  const [folder, inside, outside] = [join(root, "site"), join(root, "inside"), join(root, "outside")];
  await mkdir(folder);
  await writeFile(inside, "inside");
  await writeFile(outside, "secret");
  await link(inside, join(folder, "a.txt"));
  const files = await StaticFiles.open(folder);
  keepSwapping(async () => {
    for (const make of [symlink, link]) {
      await make(make === symlink ? outside : inside, join(root, "next"));
      await rename(join(root, "next"), join(folder, "a.txt"));
      // Else the two loops keep step.
      for (let turns = Math.random() * 8; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const found = await answers(files, "a.txt");
  expect(found).toContain("inside 6");
  expect(found).not.toContain("secret 6");
});
