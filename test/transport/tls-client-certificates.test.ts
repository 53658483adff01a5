import { X509Certificate } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import type { HandshakeFailure } from "../../src/transport/tls-attempt.ts";
import { clientCertificate, testAuthority, testCertificate, type TestCertificate } from "../support/certificates.ts";
import { openTlsDoor, serverCertificate, type Handshaken } from "../support/tls-door.ts";

const [Red, Blue] = [await testAuthority("Red"), await testAuthority("Blue")];
const [RedClient, BlueClient] = [await clientCertificate(Red, "one"), await clientCertificate(Blue, "two")];
const Ended = await clientCertificate(Red, "late", new Date("2020-01-01"));
const ServerOnly = await testCertificate(["self.example"]);

const Open = await serverCertificate(["open.example"]);
const Required = await serverCertificate(["red.example"], { ca: Red.certificate, required: true });
const Other = await serverCertificate(["blue.example"], { ca: Blue.certificate, required: true });
const Optional = await serverCertificate(["maybe.example"], { ca: Red.certificate, required: false });
const All = [Open, Required, Other, Optional];

const Versions = ["TLSv1.2", "TLSv1.3"] as const;

/** Client options that show `certificate`, if any. */
function showing(certificate: TestCertificate | undefined): ConnectionOptions {
  return certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key };
}

/** The subject of the client as the server knows it, or why it was not let in. */
function outcome({ result }: Handshaken): string {
  if (result.type === "failed") return result.reason;
  return result.facts.clientCertificate?.subject ?? "anonymous";
}

const One = "CN=one,O=Example";
const Two = "CN=two,O=Example";
const Refused: HandshakeFailure = "client-certificate";

describe.each(Versions)("%s", (version) => {
  const only: ConnectionOptions = { minVersion: version, maxVersion: version };

  test.each([
    { servername: "open.example", client: undefined, what: "nothing", expected: "anonymous" },
    { servername: "open.example", client: RedClient, what: "a certificate unasked", expected: "anonymous" },
    { servername: "red.example", client: RedClient, what: "a believed certificate", expected: One },
    { servername: "red.example", client: undefined, what: "nothing", expected: Refused },
    { servername: "red.example", client: BlueClient, what: "one of another authority", expected: Refused },
    { servername: "red.example", client: Ended, what: "one that has ended", expected: Refused },
    { servername: "red.example", client: ServerOnly, what: "one signed by itself", expected: Refused },
    { servername: "blue.example", client: BlueClient, what: "a believed certificate", expected: Two },
    { servername: "blue.example", client: RedClient, what: "one of another authority", expected: Refused },
    { servername: "maybe.example", client: undefined, what: "nothing", expected: "anonymous" },
    { servername: "maybe.example", client: RedClient, what: "a believed certificate", expected: One },
    { servername: "maybe.example", client: BlueClient, what: "one of another authority", expected: Refused },
    { servername: "", client: undefined, what: "nothing", expected: "anonymous" },
  ])("a client of '$servername' that shows $what is $expected", async ({ servername, client, expected }) => {
    const door = await openTlsDoor(All);
    for (const alpn of ["h2", "http/1.1"]) {
      expect(outcome(await door.shake({ ...only, servername, ALPNProtocols: [alpn], ...showing(client) }))).toBe(
        expected,
      );
    }
  });

  test("who names nothing is judged by the first certificate's rule", async () => {
    const door = await openTlsDoor([Required, Open]);
    expect(outcome(await door.shake({ ...only, servername: "" }))).toBe(Refused);
    expect(outcome(await door.shake({ ...only, servername: "stranger.example" }))).toBe(Refused);
    expect(outcome(await door.shake({ ...only, servername: "open.example" }))).toBe("anonymous");
  });

  test("a client that shows nothing is told so by an alert", async () => {
    const handshaken = await (await openTlsDoor(All)).shake({ ...only, servername: "red.example" });
    const alert = { "TLSv1.2": "SSL/TLS_ALERT_HANDSHAKE_FAILURE", "TLSv1.3": "TLSV13_ALERT_CERTIFICATE_REQUIRED" }[
      version
    ];
    await vi.waitFor(() => expect(handshaken.error()).toBe(`ERR_SSL_${alert}`));
  });

  /** From the first connection to the second: names, certificates, whether the session may be resumed, and who it then is. */
  test.each([
    { from: "open.example", to: "open.example", shown: undefined, resumed: true, expected: "anonymous" },
    { from: "open.example", to: "red.example", shown: undefined, resumed: false, expected: Refused },
    { from: "open.example", to: "maybe.example", shown: undefined, resumed: false, expected: "anonymous" },
    { from: "maybe.example", to: "maybe.example", shown: undefined, resumed: true, expected: "anonymous" },
    { from: "maybe.example", to: "maybe.example", shown: RedClient, resumed: true, expected: One },
    { from: "maybe.example", to: "red.example", shown: undefined, resumed: false, expected: Refused },
    // The same certificate in a full handshake is fine; the session alone is not.
    { from: "maybe.example", to: "red.example", shown: RedClient, resumed: false, expected: Refused },
    { from: "red.example", to: "red.example", shown: RedClient, resumed: true, expected: One },
    { from: "red.example", to: "blue.example", shown: RedClient, resumed: false, expected: Refused },
    { from: "red.example", to: "maybe.example", shown: RedClient, resumed: false, expected: "anonymous" },
    { from: "red.example", to: "open.example", shown: RedClient, resumed: false, expected: "anonymous" },
  ])(
    "a session from $from resumed at $to without a certificate: $resumed, $expected",
    async ({ from, to, shown, resumed, expected }) => {
      const door = await openTlsDoor(All);
      const session = await (await door.shake({ ...only, servername: from, ...showing(shown) })).session;
      const second = await door.shake({ ...only, servername: to, session });
      expect(outcome(second)).toBe(expected);
      expect(second.result.type === "secure" && second.result.socket.isSessionReused()).toBe(resumed);
    },
  );

  test("of a resumed session as much is known as of its first connection", async () => {
    const door = await openTlsDoor(All);
    const first = await door.shake({ ...only, servername: "red.example", ...showing(RedClient) });
    const second = await door.shake({ ...only, servername: "red.example", session: await first.session });
    expect(second.client.isSessionReused()).toBe(true);
    const facts = [first, second].map(({ result }) => result.type === "secure" && result.facts.clientCertificate);
    expect(facts[1]).toEqual(facts[0]);
  });
});

test("what is told of a client certificate", async () => {
  const { result } = await (await openTlsDoor(All)).shake({ servername: "red.example", ...showing(RedClient) });
  const { raw, fingerprint256 } = new X509Certificate(RedClient.certificate);
  expect(result.type === "secure" && result.facts.clientCertificate).toEqual({
    subject: One,
    fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
    raw,
  });
});

test("a connection reaches only the name it has identified itself for", async () => {
  const door = await openTlsDoor(All);
  const names = ["open.example", "red.example", "blue.example", "maybe.example"];
  for (const servername of names) {
    const client = servername === "blue.example" ? BlueClient : RedClient;
    const { result } = await door.shake({ servername, ...showing(client) });
    expect(names.filter((host) => result.type === "secure" && result.facts.reaches(host))).toEqual([servername]);
  }
});

test("who fails is told apart from who is let in at the same time", async () => {
  const door = await openTlsDoor([Required]);
  const shown = [RedClient, BlueClient, undefined, Ended, RedClient, BlueClient];
  const all = await Promise.all(
    shown.map((client) => door.shake({ ...showing(client), servername: "red.example" }).then(outcome)),
  );
  expect(all.toSorted()).toEqual([One, One, Refused, Refused, Refused, Refused]);
});
