import { isIP } from "node:net";

const GroupsOfNetwork = 4;

/**
 * Whom the limits of a client address count `address` as, an IP address of a socket or a PROXY header: an IPv4 address as
 * itself, also where it came in over an IPv6 socket (`::ffff:192.0.2.1`); an IPv6 address as its /64, since that is the
 * least one host is given, and it may take another of its 2^64 addresses for each connection. Spelling does not matter. What
 * is no address, such as the empty one of a client that had left before, is itself.
 */
export function clientOf(address: string): string {
  const family = isIP(address);
  if (family !== 6) return address;
  const groups = groupsOf(address);
  if (isMapped(groups)) return dotted(groups[6]!, groups[7]!);
  return `${groups
    .slice(0, GroupsOfNetwork)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of an IPv6 address that `isIP` takes (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const [before = "", behind] = address.replace(/%.*$/, "").split("::");
  const first = writtenGroups(before);
  const last = writtenGroups(behind ?? "");
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function writtenGroups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** Whether it is an IPv4 address in the form of RFC 4291 §2.5.5.2. */
function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}
