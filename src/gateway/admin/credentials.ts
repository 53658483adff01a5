import { createHash, timingSafeEqual } from "node:crypto";
import type { AdminAuth } from "../config/config.ts";

/** The challenge for `auth` (RFC 9110 §11.6.1): who it is asked of need not know more. */
export function challengeOf(auth: AdminAuth): string {
  return auth.type === "token" ? 'Bearer realm="hawser admin"' : 'Basic realm="hawser admin", charset="UTF-8"';
}

/** Says whether `field`, the value of `Authorization`, shows what `auth` wants (RFC 6750 §2.1, RFC 7617 §2). */
export function isAuthorized(field: string, auth: AdminAuth): boolean {
  const [, scheme = "", shown = ""] = /^([A-Za-z]+) +([^ ]+) *$/.exec(field) ?? [];
  if (auth.type === "token") return scheme.toLowerCase() === "bearer" && isSame(shown, auth.token);
  const written = Buffer.from(shown, "base64").toString("utf8");
  return scheme.toLowerCase() === "basic" && isSame(written, `${auth.user}:${auth.password}`);
}

/** Takes as long whatever they have in common: digests are compared, which are of one length, and whole. */
function isSame(shown: string, wanted: string): boolean {
  return timingSafeEqual(digestOf(shown), digestOf(wanted));
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
