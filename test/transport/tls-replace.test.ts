import { once } from "node:events";
import { Server } from "node:tls";
import { queryObjects } from "node:v8";
import { describe, expect, test, vi } from "vitest";
import type { ServerCertificate } from "../../src/transport/tls-server.ts";
import type { TlsOptions } from "../../src/transport/tls.ts";
import { clientCertificate, testAuthority } from "../support/certificates.ts";
import { openRelay, openTlsDoor, seen, serverCertificate, type Handshaken, type TlsDoor } from "../support/tls-door.ts";

const [Red, Blue] = [await testAuthority("Red"), await testAuthority("Blue")];
const Client = await clientCertificate(Red, "one");
const Shown = { cert: Client.certificate, key: Client.key };
const [Old, New, Second] = [
  await serverCertificate(["old.example"]),
  await serverCertificate(["new.example"]),
  await serverCertificate(["second.example"]),
];
const Versions = ["TLSv1.2", "TLSv1.3"] as const;

function options(...certificates: readonly ServerCertificate[]): TlsOptions {
  return { certificates, protocols: ["h2", "http/1.1"] };
}

function asking(certificate: ServerCertificate, ca: string, required = true): ServerCertificate {
  return { ...certificate, clientCertificates: { ca, required } };
}

/** Shows that bytes go both ways on `handshaken`. */
async function echoes({ client, result }: Handshaken): Promise<void> {
  if (result.type === "failed") throw new Error(result.reason);
  const { socket } = result;
  const [asked, answered] = [once(socket, "data"), once(client, "data")];
  client.write("ask");
  expect(String(await asked)).toBe("ask");
  socket.write("answer");
  expect(String(await answered)).toBe("answer");
}

describe.each(["h2", "http/1.1"])("%s", (alpn) => {
  test("the next handshake sees the new certificate, and live connections live on", async () => {
    const door = await openTlsDoor([Old]);
    const live = await door.shake({ ALPNProtocols: [alpn] });
    expect(seen(live).certificate).toBe("old.example");
    for (const certificates of [[New], [Second, Old], [New, Second]]) {
      door.terminator.replace(options(...certificates));
      const [first] = certificates;
      const next = await door.shake({ ALPNProtocols: [alpn] });
      expect(seen(next).certificate).toBe(first?.serverNames[0]);
      await echoes(next);
      await echoes(live);
    }
  });
});

test("a handshake that is under way ends with what it has begun with", async () => {
  const door = await openTlsDoor([Old]);
  let flights = 0;
  const port = await openRelay(door, (bytes, server) => {
    // The client answers what the server has said to its ClientHello.
    if (++flights === 2) door.terminator.replace(options(New));
    server.write(bytes);
  });
  const early = await door.shake({ port });
  expect(flights).toBeGreaterThan(1);
  expect(seen(early).certificate).toBe("old.example");
  await echoes(early);
  expect(seen(await door.shake()).certificate).toBe("new.example");
});

test("protocols change too", async () => {
  const door = await openTlsDoor([Old]);
  door.terminator.replace({ certificates: [Old], protocols: ["http/1.1"] });
  const { result } = await door.shake({ ALPNProtocols: ["h2", "http/1.1"] });
  expect(result).toMatchObject({ socket: { alpnProtocol: "http/1.1" } });
});

describe("changes nothing and throws for", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  test.each([
    { what: "a certificate that is none", certificate: { ...New, certificate: "nothing" } },
    { what: "a broken certificate", certificate: { ...New, certificate: broken } },
    { what: "a key that is none", certificate: { ...New, key: "nothing" } },
    { what: "the key of another certificate", certificate: { ...New, key: Old.key } },
    { what: "an authority that is none", certificate: asking(New, "nothing") },
    { what: "an empty authority", certificate: asking(New, "") },
    { what: "a broken authority", certificate: asking(New, broken) },
  ])("$what", async ({ certificate }) => {
    const door = await openTlsDoor([Old]);
    const live = await door.shake();
    expect(() => door.terminator.replace(options(Second, certificate))).toThrow(Error);
    expect(seen(await door.shake({ servername: "second.example" })).certificate).toBe("old.example");
    await echoes(live);
  });
});

describe.each(Versions)("sessions of %s", (version) => {
  const only = { minVersion: version, maxVersion: version, servername: "old.example" };

  async function resumed(door: TlsDoor, after: TlsOptions, shown: object): Promise<Handshaken> {
    const first = await door.shake({ ...only, ...shown });
    const session = await first.session;
    door.terminator.replace(after);
    return door.shake({ ...only, session });
  }

  test.each([
    { what: "nothing has changed", after: [Old], isResumed: true },
    { what: "a name has come", after: [{ ...Old, serverNames: ["old.example", "x.example"] }], isResumed: true },
    { what: "it is another's place", after: [New, Old], isResumed: true },
    { what: "the certificate is new", after: [{ ...New, serverNames: ["old.example"] }], isResumed: false },
    { what: "client certificates are asked for", after: [asking(Old, Red.certificate, false)], isResumed: false },
  ])("are resumed where $what: $isResumed", async ({ after, isResumed }) => {
    const { client, result } = await resumed(await openTlsDoor([Old]), options(...after), {});
    expect(result.type).toBe("secure");
    expect(client.isSessionReused()).toBe(isResumed);
  });

  test.each([
    { what: "the rule is the same", after: asking(Old, Red.certificate), type: "secure" },
    { what: "the authority is another", after: asking(Old, Blue.certificate), type: "failed" },
    {
      what: "the certificate is another",
      after: { ...asking(New, Red.certificate), serverNames: ["old.example"] },
      type: "failed",
    },
  ])("of a client with a certificate are worth it where $what: $type", async ({ after, type }) => {
    const door = await openTlsDoor([asking(Old, Red.certificate)]);
    const { result } = await resumed(door, options(after), Shown);
    expect(result).toMatchObject(type === "secure" ? { type } : { type, reason: "client-certificate" });
  });
});

test.each([
  { what: "nothing is asked", before: Old, after: { ...New, serverNames: ["old.example"] }, reaches: true },
  { what: "a certificate is asked", before: Old, after: asking(Old, Red.certificate), reaches: false },
  { what: "one may be shown", before: Old, after: asking(Old, Red.certificate, false), reaches: false },
  { what: "none is asked any more", before: asking(Old, Red.certificate), after: Old, reaches: true },
  {
    what: "one may be, as before",
    before: asking(Old, Red.certificate),
    after: asking(Old, Red.certificate, false),
    reaches: true,
  },
  {
    what: "it must be, now",
    before: asking(Old, Red.certificate, false),
    after: asking(Old, Red.certificate),
    reaches: false,
  },
  {
    what: "one of others is asked",
    before: asking(Old, Red.certificate),
    after: asking(Old, Blue.certificate),
    reaches: false,
  },
])("a live connection reaches its name where $what: $reaches", async ({ before, after, reaches }) => {
  const door = await openTlsDoor([Second, before]);
  const live = await door.shake({ servername: "old.example", ...Shown });
  if (live.result.type === "failed") throw new Error(live.result.reason);
  const { facts } = live.result;
  expect(facts.reaches("old.example")).toBe(true);
  door.terminator.replace(options(Second, after));
  expect(facts.reaches("old.example")).toBe(reaches);
  expect(facts.reaches("second.example")).toBe(false);
  await echoes(live);
});

test("what was replaced is gone with its last connection", async () => {
  const door = await openTlsDoor([Old]);
  const before = queryObjects(Server, { format: "count" });
  for (let round = 0; round < 20; round++) {
    door.terminator.replace(options(round % 2 === 0 ? New : Old));
    const { client, result } = await door.shake();
    if (result.type === "failed") throw new Error(result.reason);
    result.socket.destroy();
    await once(client, "close");
  }
  await vi.waitFor(() => expect(queryObjects(Server, { format: "count" })).toBeLessThanOrEqual(before + 1));
});
