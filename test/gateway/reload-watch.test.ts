import { expect, test, vi } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";

const Echo = { name: "echo", path: "/echo", handler: "echo" };
const Watching = { reload: { watch: true }, routes: [Echo] };

async function generationIs(gateway: GatewayUnderTest, generation: number): Promise<void> {
  await vi.waitFor(async () => expect(await gateway.metric("hawser_config_generation")).toBe(generation), 8_000);
}

const refusals = (gateway: GatewayUnderTest) => gateway.metric("hawser_config_reloads_total", { result: "refused" });

test("a config that is written anew is taken over", async () => {
  const gateway = await startGatewayUnderTest(Watching);
  await gateway.writeConfig({ ...Watching, routes: [Echo, { name: "new", path: "/new", handler: "echo" }] });
  await generationIs(gateway, 2);
  expect(gateway.log.at(-1)).toMatch(/config 2 taken over: routes \+new$/);
});

test("a file that comes into an included folder is taken over, and its end as well", async () => {
  const config = { ...Watching, include: ["routes.d/*.yaml"] };
  const gateway = await startGatewayUnderTest(config, { "routes.d/readme.txt": "" });
  await gateway.replaceFile(
    "routes.d/a.yaml",
    JSON.stringify({ routes: [{ name: "a", path: "/a", handler: "echo" }] }),
  );
  await generationIs(gateway, 2);
  await gateway.replaceFile("routes.d/a.yaml", "{}");
  await generationIs(gateway, 3);
  expect(gateway.log.at(-1)).toMatch(/taken over: routes -a$/);
});

test("a certificate that comes after the config that names it is found", async () => {
  const gateway = await startGatewayUnderTest(Watching);
  const listeners = [
    { name: "main", address: "127.0.0.1:0" },
    { name: "tls", address: "127.0.0.1:0", tls: { certificate: "late.pem", key: "late.key" } },
  ];
  await gateway.writeConfig({ ...Watching, listeners });
  await vi.waitFor(async () => expect(await refusals(gateway)).toBe(1), 8_000);
  const { certificate, key } = await testCertificate();
  await gateway.replaceFile("late.pem", certificate);
  await gateway.replaceFile("late.key", key);
  await generationIs(gateway, 2);
});

test("a broken certificate keeps the one before it, and says so; the next good one is taken over", async () => {
  const first = await testCertificate();
  const listeners = [
    { name: "main", address: "127.0.0.1:0" },
    { name: "tls", address: "127.0.0.1:0", tls: { certificate: "cert.pem", key: "key.pem" } },
  ];
  const files = { "cert.pem": first.certificate, "key.pem": first.key };
  const gateway = await startGatewayUnderTest({ ...Watching, listeners }, files);
  const expiry = () => gateway.metric("hawser_certificate_expiry_timestamp_seconds", { listener: "tls" });
  const before = await expiry();
  expect(before).toBeGreaterThan(Date.now() / 1000);
  await gateway.replaceFile("cert.pem", "-----BEGIN CERTIFICATE-----\nbroken");
  await vi.waitFor(async () => expect(await refusals(gateway)).toBe(1), 8_000);
  expect(gateway.log.at(-1)).toMatch(/config refused, the old one goes on: .*cert\.pem/s);
  expect(await expiry()).toBe(before);
  const next = await testCertificate();
  await gateway.replaceFile("key.pem", next.key);
  await gateway.replaceFile("cert.pem", next.certificate);
  await generationIs(gateway, 2);
});
