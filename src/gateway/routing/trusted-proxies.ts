import { BlockList, isIP } from "node:net";

/** `networks`, IP addresses and networks in CIDR notation, as a list that `isTrusted` asks. */
export function trustedProxyList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * `address` of a socket as other programs write it: an IPv4 address that came in over an IPv6 socket (`::ffff:192.0.2.1`)
 * as IPv4, an IPv6 address without the name of the interface.
 */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

/** Says whether `address`, in the form of {@link plainAddress}, is one of `proxies`. */
export function isTrusted(address: string, proxies: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 6 ? "ipv6" : "ipv4");
}
