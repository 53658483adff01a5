import { z } from "zod";
import type { HostPort } from "./config.ts";
import { Address, count, flag, Host, text } from "./schema-parts.ts";

/** What one can type, and what fits in a field of a request: RFC 6750 §2.1 allows less, other tokens are in use. */
const Token = text("a token of 16 to 512 printable ASCII characters without spaces", /^[!-~]{16,512}$/);
const User = text("a user name of at most 64 letters, digits, dots, hyphens and underscores", /^[A-Za-z0-9._-]{1,64}$/);
const Password = text("a password of 12 to 512 characters", /^\P{Cc}{12,512}$/u);

const AdminAuthSchema = z.strictObject({
  token: Token.optional().describe(
    "Secret, as `${NAME}` from the environment: programs send `Authorization: Bearer …`, a browser asks for it as a password.",
  ),
  user: User.optional().describe("Instead of a token, with `password`."),
  password: Password.optional().describe("Secret, as `${NAME}` from the environment."),
});

/** `admin`. */
export const AdminSchema = z.strictObject({
  address: Address.prefault("127.0.0.1:9464").describe(
    "Where operators ask: /console, /metrics, /livez, /readyz, streams, events, and POST /reload and /drain. Not for the public.",
  ),
  auth: AdminAuthSchema.optional().describe("Who may ask more than /livez, /readyz and /metrics."),
  hosts: z
    .array(Host)
    .prefault([])
    .describe("Names by which browsers and programs may call it, beside localhost and IP addresses."),
  showClients: flag().default(true).describe("Whether the addresses of clients are shown there."),
  topStreams: count("streams", { from: 0, to: 100, standard: 20 }).describe(
    "WebSockets that /metrics/streams has series of: those with most traffic.",
  ),
});

/** Where the admin port of a config is that says nothing of it. */
export function standardAdminAddress(): HostPort {
  return AdminSchema.parse({}).address;
}
