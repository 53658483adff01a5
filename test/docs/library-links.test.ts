import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const Root = join(import.meta.dirname, "../..");
const Readme = "src/websocket/README.md";

/** What npm packs without being told (besides what `files` lists). */
const AlwaysPacked = ["README.md", "LICENSE", "package.json"];

/** The links of a Markdown text that lead to no other site, code left out. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target).filter(
    (to) => !/^https?:/.test(to),
  );
}

/** The anchors of a Markdown text as GitHub and npm make them of its headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

const Links = linksOf(readFileSync(join(Root, Readme), "utf8"));

test.each(Links)("the library's README links to %s, which is there in the package too", (link) => {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? Readme : posix.join(posix.dirname(Readme), path);
  expect([...manifest.files, ...AlwaysPacked]).toContain(file);
  expect(existsSync(join(Root, file))).toBe(true);
  const anchors = anchorsOf(readFileSync(join(Root, file), "utf8"));
  expect(anchor === undefined || anchors.includes(anchor)).toBe(true);
});

test("there are links", () => {
  expect(Links.length).toBeGreaterThan(15);
});
