import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One file of a site. */
export interface SiteFile {
  readonly type: string;
  readonly content: Buffer;
}

const LargeBytes = 1024 * 1024;
const SmallBytes = 12 * 1024;

/**
 * A site of `count` files of each kind, scripts, styles and images, by name, and the page that loads them all, which is
 * `index.html`. All content is new each time. The page names the checksum of each: the browser checks scripts and styles by
 * it, and an image's is that of its pixels. The first of each kind is large.
 */
export function generatedSite(count: number): ReadonlyMap<string, SiteFile> {
  const files = new Map<string, SiteFile>();
  const tags: string[] = [];
  for (let number = 0; number < count; number++) {
    const bytes = number === 0 ? LargeBytes : 1 + ((number * 997) % SmallBytes);
    const text = randomBytes(bytes).toString("base64");
    const script = Buffer.from(`(globalThis.ran ??= []).push(${number}); // ${text}`);
    const style = Buffer.from(`:root { --style-${number}: "${text}"; }`);
    const { content, pixels } = image(number === 0 ? 512 : 8 + 4 * (number % 16));
    files.set(`script-${number}.js`, { type: "text/javascript", content: script });
    files.set(`style-${number}.css`, { type: "text/css", content: style });
    files.set(`image-${number}.bmp`, { type: "image/bmp", content });
    tags.push(
      `<script defer src="script-${number}.js" integrity="${integrity(script)}"></script>`,
      `<link rel="stylesheet" href="style-${number}.css" integrity="${integrity(style)}">`,
      `<img src="image-${number}.bmp" data-pixels="${createHash("sha256").update(pixels).digest("hex")}">`,
    );
  }
  const page = `<!doctype html><title>hawser</title><link rel="icon" href="data:,">\n${tags.join("\n")}\n`;
  return files.set("index.html", { type: "text/html", content: Buffer.from(page) });
}

/** Writes `files` into `folder`, which is made. */
export async function writeSite(folder: string, files: ReadonlyMap<string, SiteFile>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, { content }] of files) await writeFile(join(folder, name), content);
}

function integrity(content: Buffer): string {
  return `sha256-${createHash("sha256").update(content).digest("base64")}`;
}

/** A Windows bitmap of `side` × `side` random pixels, `side` a multiple of 4, and its pixels as a canvas tells them. */
function image(side: number): { content: Buffer; pixels: Buffer } {
  const content = Buffer.alloc(54 + side * side * 3);
  content.write("BM");
  content.writeUInt32LE(content.length, 2);
  content.writeUInt32LE(54, 10);
  // BITMAPINFOHEADER: from top to bottom, one plane, 24 bits a pixel.
  content.writeUInt32LE(40, 14);
  content.writeInt32LE(side, 18);
  content.writeInt32LE(-side, 22);
  content.writeUInt16LE(1, 26);
  content.writeUInt16LE(24, 28);
  const pixels = Buffer.alloc(side * side * 4, 255);
  const colours = randomBytes(side * side * 3);
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const value = colours[pixel * 3 + colour] ?? 0;
      pixels[pixel * 4 + colour] = value;
      content[54 + pixel * 3 + 2 - colour] = value;
    }
  }
  return { content, pixels };
}
