import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clientOf } from "../../src/transport/client-address.ts";

test.each([
  { address: "192.0.2.1", client: "192.0.2.1" },
  { address: "::ffff:192.0.2.1", client: "192.0.2.1" },
  { address: "0:0:0:0:0:FFFF:192.0.2.1", client: "192.0.2.1" },
  { address: "::ffff:c000:201", client: "192.0.2.1" },
  { address: "2001:db8:1:2:3:4:5:6", client: "2001:db8:1:2::/64" },
  { address: "2001:db8:1:2::", client: "2001:db8:1:2::/64" },
  { address: "2001:0DB8:0001:0002::1", client: "2001:db8:1:2::/64" },
  { address: "2001:db8::1:2:3:4:5", client: "2001:db8:0:1::/64" },
  { address: "64:ff9b::192.0.2.1", client: "64:ff9b:0:0::/64" },
  { address: "fe80::1%eth0", client: "fe80:0:0:0::/64" },
  { address: "::1", client: "0:0:0:0::/64" },
  { address: "::", client: "0:0:0:0::/64" },
  { address: "", client: "" },
  { address: "unknown", client: "unknown" },
])("$address is the client $client", ({ address, client }) => {
  expect(clientOf(address)).toBe(client);
});

test("all addresses of one /64 are one client, and no others are", () => {
  const halves = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
  const address = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(":");
  fc.assert(
    fc.property(halves, halves, halves, halves, (network, other, host, otherHost) => {
      fc.pre(address(network) !== address(other) && network[0] !== 0 && other[0] !== 0);
      expect(clientOf(address([...network, ...host]))).toBe(clientOf(address([...network, ...otherHost])));
      expect(clientOf(address([...network, ...host]))).not.toBe(clientOf(address([...other, ...host])));
    }),
  );
});
