import { expect, test } from "vitest";
import { addressList, isListed, plainAddress } from "../../../src/gateway/routing/address-list.ts";

test.each([
  { address: "10.1.2.3", listed: true },
  { address: "11.1.2.3", listed: false },
  { address: "::ffff:10.1.2.3", listed: true },
  { address: "::FFFF:a01:203", listed: true },
  { address: "::ffff:11.1.2.3", listed: false },
  { address: "192.0.2.7", listed: true },
  { address: "192.0.2.8", listed: false },
  { address: "2001:db8:1::5", listed: true },
  { address: "2001:0DB8:0001:0:0:0:0:5", listed: true },
  { address: "2001:db9::5", listed: false },
  { address: "fe80::1%eth0", listed: true },
  { address: "::a01:203", listed: false },
  { address: "", listed: false },
  { address: "unknown", listed: false },
  { address: "10.1.2.3, 1.1.1.1", listed: false },
])("$address: $listed", ({ address, listed }) => {
  const list = addressList(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "fe80::1"]);
  expect(isListed(address, list)).toBe(listed);
});

test("nobody is on an empty list, everybody on those of length 0", () => {
  expect(isListed("192.0.2.7", addressList([]))).toBe(false);
  expect(isListed("192.0.2.7", addressList(["0.0.0.0/0"]))).toBe(true);
  expect(isListed("2001:db8::1", addressList(["::/0"]))).toBe(true);
});

test.each([
  { address: "::ffff:192.0.2.1", plain: "192.0.2.1" },
  { address: "fe80::1%eth0", plain: "fe80::1" },
  { address: "192.0.2.1", plain: "192.0.2.1" },
  { address: "", plain: "" },
])("$address is written $plain elsewhere", ({ address, plain }) => {
  expect(plainAddress(address)).toBe(plain);
});
