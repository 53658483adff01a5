import { randomBytes } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServerCertificate } from "../../src/transport/tls-server.ts";
import type { TlsOptions } from "../../src/transport/tls.ts";
import { serverCertificate, TlsDoor } from "../support/tls-door.ts";

// Processes that serve as one have a secret in common, from which each derives its keys of session tickets.

const Secret = randomBytes(32);
const Certificate = await serverCertificate(["example.com"]);
const Other = await serverCertificate(["example.com"]);
const Ca = (await serverCertificate(["authority.example"])).certificate;
const Asking: ServerCertificate = { ...Certificate, clientCertificates: { ca: Ca, required: false } };
const Requiring: ServerCertificate = { ...Certificate, clientCertificates: { ca: Ca, required: true } };
const Base: TlsOptions = { certificates: [Certificate], protocols: ["h2", "http/1.1"], ticketSecret: Secret };

async function open(options: TlsOptions): Promise<TlsDoor> {
  const door = await new TlsDoor(options, 60_000).listen();
  onTestFinished(() => door.close());
  return door;
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a session of %s", (version) => {
  const only: ConnectionOptions = { minVersion: version, maxVersion: version, servername: "example.com" };

  test.each<{ where: string; other: TlsOptions; isResumed: boolean }>([
    { where: "with the same secret", other: Base, isResumed: true },
    {
      where: "where the certificate has more names",
      other: { ...Base, certificates: [{ ...Certificate, serverNames: ["example.com", "more.example"] }] },
      isResumed: true,
    },
    { where: "without a secret", other: { ...Base, ticketSecret: undefined }, isResumed: false },
    { where: "with another secret", other: { ...Base, ticketSecret: randomBytes(32) }, isResumed: false },
    { where: "with other protocols", other: { ...Base, protocols: ["http/1.1"] }, isResumed: false },
    { where: "where client certificates are asked for", other: { ...Base, certificates: [Asking] }, isResumed: false },
    {
      where: "with another certificate",
      other: { ...Base, certificates: [Other] },
      isResumed: false,
    },
  ])("is resumed elsewhere $where: $isResumed", async ({ other, isResumed }) => {
    const session = await (await (await open(Base)).shake(only)).session;
    const second = await (await open(other)).shake({ ...only, session });
    expect(second.result.type).toBe("secure");
    expect(second.client.isSessionReused()).toBe(isResumed);
  });

  test("does not spare a client the certificate that is required elsewhere", async () => {
    const session = await (await (await open({ ...Base, certificates: [Asking] })).shake(only)).session;
    const second = await (await open({ ...Base, certificates: [Requiring] })).shake({ ...only, session });
    expect(second.result).toEqual({ type: "failed", reason: "client-certificate" });
  });
});
