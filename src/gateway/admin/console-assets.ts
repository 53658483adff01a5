import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { plain, type AdminAnswer, type Fields } from "./admin-answer.ts";
import type { AdminRequest, Endpoint } from "./admin-endpoint.ts";

/** Beside the built package, wherever this file runs from: `src/gateway/admin` or `dist/gateway/admin`. */
const Folder = join(import.meta.dirname, "../../../dist/console");

const Types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** A file name: no folder, no dot in front, so nothing outside of the folder. */
const FileName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** esbuild's hash in a name: the content of such a file never changes. */
const HashedName = /-[A-Z0-9]{8}\.[a-z0-9]+$/;

const PageFields: Fields = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The console: the page and its files, as the build has left them in `folder`. */
export function consoleEndpoints(folder = Folder): Endpoint[] {
  const serve = (request: AdminRequest, name: string) => asset(request, name === "" ? "index.html" : name, folder);
  const audience = "page";
  return [
    { form: "/console", audience, methods: { GET: serve } },
    { form: "/console/…", audience, methods: { GET: serve } },
  ];
}

async function asset({ fields }: AdminRequest, name: string, folder: string): Promise<AdminAnswer> {
  const type = Types[extname(name)];
  if (!FileName.test(name) || type === undefined) return plain(404, "the console has no such file, try /console/");
  let body: Uint8Array;
  try {
    body = await readFile(join(folder, name));
  } catch {
    if (name === "index.html") return plain(503, "the console is not built here: npm run build:console does that");
    return plain(404, "the console has no such file, try /console/");
  }
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  const lifetime = HashedName.test(name) ? "public, max-age=31536000, immutable" : "no-cache";
  const own = { ...PageFields, etag, "cache-control": lifetime };
  const isKnown = fields["if-none-match"]?.split(/\s*,\s*/).includes(etag) === true;
  return { kind: "whole", status: isKnown ? 304 : 200, type, body: isKnown ? "" : body, fields: own };
}
