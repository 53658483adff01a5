import { BlockList, isIP } from "node:net";

/** `networks`, IP addresses and networks in CIDR notation, as a list that {@link isListed} asks. */
export function addressList(networks: readonly string[]): BlockList {
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
 * Says whether `address` of a socket is one of `list`: an IPv4 address however it is written, what is no address never.
 *
 * @param list - `undefined` has nobody in it, and asking it costs nothing.
 */
export function isListed(address: string, list: BlockList | undefined): boolean {
  if (list === undefined) return false;
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? "ipv6" : "ipv4");
}

/**
 * `address` of a socket as other programs write it: an IPv4 address that came in over an IPv6 socket
 * (`::ffff:192.0.2.1`) as IPv4, an IPv6 address without the name of the interface.
 */
export function plainAddress(address: string): string {
  return address.includes(":") ? address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "") : address;
}
