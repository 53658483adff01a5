import { expect, onTestFinished, test } from "vitest";
import { AdminPort } from "../../../src/gateway/admin/admin-port.ts";
import { adminSources } from "../../support/admin-under-test.ts";
import { answers } from "../../support/ports.ts";

const Anywhere = { host: "127.0.0.1", port: 0, auth: undefined, hosts: [] };
const Elsewhere = { ...Anywhere, host: "0.0.0.0" };

/** An admin port in use, and the number of each that was opened for it, in their order. */
async function adminPort() {
  const ports: number[] = [];
  const admin = new AdminPort(await adminSources(), ({ port }) => void ports.push(port));
  onTestFinished(() => admin.close());
  const change = await admin.prepare(Anywhere);
  change.commit();
  return { admin, ports };
}

async function answering(ports: readonly number[]): Promise<boolean[]> {
  return await Promise.all(ports.map(answers));
}

test("both ports are open until the change is made; then the one before is closed", async () => {
  const { admin, ports } = await adminPort();
  const change = await admin.prepare(Elsewhere);
  expect(await answering(ports)).toEqual([true, true]);
  change.commit();
  expect(await answering(ports)).toEqual([false, true]);
});

test("a change that is not made leaves the port in use as it was", async () => {
  const { admin, ports } = await adminPort();
  const change = await admin.prepare(Elsewhere);
  await change.undo();
  expect(await answering(ports)).toEqual([true, false]);
});

test("a place that is taken is told with what can be done, and the port in use stays", async () => {
  const { admin, ports } = await adminPort();
  const [port = 0] = ports;
  await expect(admin.prepare({ ...Anywhere, port })).rejects.toThrow(
    `admin cannot listen on 127.0.0.1 port ${port}: another process listens there`,
  );
  expect(await answering(ports)).toEqual([true]);
});

test("one that was never opened can be closed", async () => {
  const admin = new AdminPort(await adminSources(), () => undefined);
  await expect(admin.close()).resolves.toBeUndefined();
});

test("the same place keeps its port, with other rules from the moment of the change", async () => {
  const { admin, ports } = await adminPort();
  const [port = 0] = ports;
  const statusOf = async () => (await fetch(`http://127.0.0.1:${port}/overview`)).status;
  const change = await admin.prepare({ ...Anywhere, auth: { type: "token", token: "0123456789abcdef" } });
  expect([await statusOf(), ports.length]).toEqual([200, 1]);
  change.commit();
  expect(await statusOf()).toBe(401);
});
