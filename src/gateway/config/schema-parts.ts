import { z } from "zod";
import { tryHostPattern, tryOriginPattern } from "../../protocol/handshake/access.ts";
import { isIpAddress, isNetwork, tryHostPort } from "./addresses.ts";

// The forms that values of options have. An `error` here is what was expected, as a noun: the reader of the file is told
// "expected …, got …".

/** The longest time a timer can be set to, in milliseconds: almost 25 days. Also the largest 31-bit number. */
export const MaxInt31 = 2_147_483_647;

const Day = 86_400_000;

/** The least and the most a number may be. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** A text of the form `pattern`. */
export function text(expected: string, pattern = /./s) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

/** A string that means something else: `parse` returns `undefined` where it does not. */
export function parsed<Value>(expected: string, parse: (text: string) => Value | undefined) {
  return z.string({ error: expected }).transform((written, context): Value => {
    const value = parse(written);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

/** A whole number of `unit`. */
export function number(unit: string, range: Range) {
  return wholeNumber(unit, range, `a whole number of ${unit} from ${range.from} to ${range.to}`);
}

/** A {@link number} with a default. */
export function count(unit: string, { standard, ...range }: Range & { readonly standard: number }) {
  return number(unit, range).default(standard);
}

/** A time from 1 ms to a day. */
export function milliseconds(standard: number) {
  return count("milliseconds", { from: 1, to: Day, standard });
}

/** A {@link number}, or `off`, which is `undefined` in what it is parsed to. */
export function limit(unit: string, range: Range) {
  return numberOr("off", unit, range)
    .transform((written) => (written === "off" ? undefined : written))
    .meta({ "x-unit": unit });
}

/** A {@link number}, or `word`. */
export function numberOr<const Word extends string>(word: Word, unit: string, range: Range) {
  const error = `a whole number of ${unit} from ${range.from} to ${range.to}, or ${word}`;
  return z.union([wholeNumber(unit, range, error), z.literal(word)], { error }).meta({ "x-unit": unit });
}

function wholeNumber(unit: string, { from, to }: Range, error: string) {
  return z.int({ error }).min(from, { error }).max(to, { error }).meta({ "x-unit": unit });
}

/** A number between 0 and 1. */
export function fraction() {
  const error = "a number from 0 to 1";
  return z.number({ error }).min(0, { error }).max(1, { error }).meta({ "x-unit": "fraction" });
}

/** One of a few words. */
export function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, { error: `one of ${values.join(", ")}` });
}

/** `true` or `false`. */
export function flag() {
  return z.boolean({ error: "true or false" });
}

/** A name that may stand in logs and metrics. */
export const Name = text(
  "a name of at most 63 letters, digits, dots, hyphens and underscores that begins with a letter or digit",
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
);

/** A path, relative to the folder of the file it is written in, without control characters: the log may have it. */
export function path(expected: string) {
  return text(expected, /^[ -~\u00a0-\uffff]+$/);
}

/** The {@link path} of a file. */
export const FilePath = path("the path of a file");

/** An address to listen on. */
export const Address = parsed("host:port with a port up to 65535, such as 127.0.0.1:8443 or [::]:8443", tryHostPort);

/** One host, in the form of `comparableHost`. */
export const Host = parsed("a host name without port, such as chat.example.com (no wildcards)", (written) => {
  const host = tryHostPattern(written);
  return host?.startsWith("*.") === true ? undefined : host;
});

/** One host, or all that have one label more. */
export const HostPattern = parsed(
  "a host name without port, such as chat.example.com or *.example.com",
  tryHostPattern,
);

/** The origin of pages, or of those of all hosts that have one label more. */
export const OriginPattern = parsed(
  "an origin, such as https://app.example.com or https://*.example.com, without a path",
  tryOriginPattern,
);

/** An IP address. */
export const IpAddress = parsed("an IP address", (written) => (isIpAddress(written) ? written : undefined));

/** An IP address or a network. */
export const Network = parsed("an IP address or a network such as 10.0.0.0/8", (written) =>
  isIpAddress(written) || isNetwork(written) ? written : undefined,
);
