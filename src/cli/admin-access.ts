import { readFile } from "node:fs/promises";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import { standardAdminAddress } from "../gateway/config/admin-schema.ts";
import type { Environment } from "../gateway/config/environment.ts";
import { reasonOf } from "../gateway/config/read-failure.ts";
import { AdminFailure, type AdminAccess } from "./admin-client.ts";
import type { OptionValues } from "./command-line.ts";

/**
 * Where the gateway is that `options` and `environment` name, and how to show who asks.
 *
 * @throws AdminFailure for a URL that is none, or a file that cannot be read.
 */
export async function adminAccess(options: OptionValues, environment: Environment): Promise<AdminAccess> {
  const written =
    options.get("admin") ?? nonEmpty(environment["HAWSER_ADMIN"]) ?? formatAuthority(standardAdminAddress());
  const url = URL.parse(written.includes("://") ? written : `http://${written}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new AdminFailure(
      `the URL of the admin port is none: write one like http://${formatAuthority(standardAdminAddress())}`,
    );
  }
  const { username, password } = url;
  const token = await tokenOf(options.get("token-file"), environment);
  const basic = username === "" ? undefined : `${decoded(username)}:${decoded(password)}`;
  if (token !== undefined && basic !== undefined) {
    throw new AdminFailure("a token, or user and password in the URL: not both");
  }
  const authorization =
    basic === undefined ? token && `Bearer ${token}` : `Basic ${Buffer.from(basic).toString("base64")}`;
  return { url: `${url.origin}${url.pathname.replace(/\/$/, "")}`, authorization };
}

async function tokenOf(file: string | undefined, environment: Environment): Promise<string | undefined> {
  const token = file === undefined ? nonEmpty(environment["HAWSER_ADMIN_TOKEN"]) : await readToken(file);
  // Nothing else can stand in a field; what it is must not be in a message.
  if (token !== undefined && !/^[!-~]+$/.test(token)) throw new AdminFailure("the token has signs that no token has");
  return token;
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new AdminFailure(`cannot read the token from ${file}: ${reasonOf(error)}`);
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** What a URL writes with percent signs; a sign that means nothing is itself. */
function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
