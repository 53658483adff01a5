import { X509Certificate } from "node:crypto";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { describe, expect, test } from "vitest";
import { acceptKey } from "../../src/protocol/handshake/upgrade.ts";
import { clientCertificate, testAuthority, testCertificate } from "../support/certificates.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { HttpVersions, Neighbour } from "../support/loopback-clients.ts";
import { scriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { TlsClient } from "../support/tls-clients.ts";

const [Red, Blue] = [await testAuthority("Red"), await testAuthority("Blue")];
const Client = await clientCertificate(Red, "one");
const [Open, Staff, Renewed] = [
  await testCertificate(["open.example"]),
  await testCertificate(["staff.example"]),
  await testCertificate(["renewed.example", "open.example"]),
];
const Files = {
  "open.pem": Open.certificate,
  "open.key": Open.key,
  "staff.pem": Staff.certificate,
  "staff.key": Staff.key,
  "clients.pem": Red.certificate,
};
const Shown: ConnectionOptions = { cert: Client.certificate, key: Client.key };
const ClientCert = `client-cert: :${new X509Certificate(Client.certificate).raw.toString("base64")}:`;

interface Started {
  readonly gateway: GatewayUnderTest;
  readonly upstream: ScriptedUpstream;
  readonly port: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A gateway for open.example and, with client certificates, staff.example: an echo, and an upstream for everything else. */
async function start(): Promise<Started> {
  const upstream = await scriptedUpstream((socket, request) => {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1];
    socket.write(
      key === undefined
        ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        : `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
    );
  });
  const { transport } = upstream.address;
  const certificates = [
    { certificate: "open.pem", key: "open.key" },
    { certificate: "staff.pem", key: "staff.key", clientCertificates: { ca: "clients.pem" } },
  ];
  const config = {
    listeners: [{ name: "main", address: "127.0.0.1:0", tls: { certificates } }],
    routes: [
      { name: "echo", path: "/echo", handler: "echo" },
      { name: "all", pathPrefix: "/", upstream: "backend" },
    ],
    upstreams: { backend: { addresses: [`http://127.0.0.1:${transport.type === "tcp" ? transport.port : 0}`] } },
  };
  const gateway = await startGatewayUnderTest(config, Files);
  const port = Number(/listening main https:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.log.join("\n"))?.[1]);
  return { gateway, upstream, port, config };
}

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, opened }) => {
  test("the upstream is told who a client is by its certificate, and nothing that a client says of that", async () => {
    const { upstream, port } = await start();
    const claim = { fields: [["Client-Cert", ":AAAA:"]] } as const;
    for (const { servername, told } of [
      { servername: "staff.example", told: [ClientCert] },
      { servername: "open.example", told: [] },
    ]) {
      const connect = () => TlsClient.connect(port, httpVersion, { servername, ...Shown });
      const client = (await connect()).opening();
      client.ask({ path: "/ws", authority: servername, ...claim });
      expect((await client.response()).status).toBe(opened);
      expect(await (await connect()).get({ path: "/page", authority: servername, ...claim })).toBe(200);
      const heads = upstream.requests.slice(-2).map((head) => head.split("\r\n"));
      const toldOf = (head: readonly string[]) => head.filter((line) => /^client.cert/i.test(line));
      expect(heads.map(toldOf)).toEqual([told, told]);
    }
  });

  test("who has not shown a certificate gets nothing of the name that asks for one", async () => {
    const { upstream, port } = await start();
    const connect = () => TlsClient.connect(port, httpVersion, { servername: "open.example", ...Shown });
    const first = await connect();
    const neighbour = await Neighbour.open(first.opening(), { path: "/echo", authority: "open.example" });
    // As a browser does that takes both names for one server.
    const next = () => (httpVersion === "2" ? Promise.resolve(first) : connect());
    for (const authority of ["staff.example", "STAFF.example.:8443"]) {
      const opening = (await next()).opening();
      opening.ask({ path: "/echo", authority });
      expect((await opening.response()).status).toBe(421);
      expect(await (await next()).get({ path: "/page", authority })).toBe(421);
    }
    expect(upstream.requests).toEqual([]);
    await neighbour.feelsNothing();
  });

  test("who names it without a certificate comes as far as TLS", async () => {
    const { gateway, upstream, port } = await start();
    const ALPNProtocols = [httpVersion === "2" ? "h2" : "http/1.1"];
    const where = { port, host: "127.0.0.1", servername: "staff.example" };
    const refused = connectTls({ ...where, ALPNProtocols, rejectUnauthorized: false });
    let received = 0;
    refused.on("data", (chunk: Buffer) => (received += chunk.length)).on("error", () => undefined);
    refused.write("GET /page HTTP/1.1\r\nHost: staff.example\r\n\r\n");
    await new Promise((resolve) => refused.once("close", resolve));
    expect(received).toBe(0);
    expect(upstream.requests).toEqual([]);
    await gateway.settles("hawser_client_connections_failed_total", { reason: "client_certificate" }, 1);
  });

  test("a renewed certificate drops nobody, and a broken one changes nothing", async () => {
    const { gateway, port, config } = await start();
    const live = await Neighbour.open(
      (await TlsClient.connect(port, httpVersion, { servername: "open.example" })).opening(),
      { path: "/echo", authority: "open.example" },
    );
    const seen = async () => (await TlsClient.connect(port, httpVersion, { servername: "open.example" })).certificate;
    expect(await seen()).toBe("open.example");
    await gateway.replaceFile("open.pem", Renewed.certificate);
    // Its key has not come yet.
    expect(await gateway.reload(config)).toMatchObject({ type: "refused" });
    expect(await seen()).toBe("open.example");
    await gateway.replaceFile("open.key", Renewed.key);
    expect(await gateway.reload(config)).toMatchObject({ type: "applied" });
    expect(await seen()).toBe("renewed.example");
    await live.feelsNothing();
  });

  test("where other authorities are believed, who came by the old ones comes no further", async () => {
    const { gateway, port, config } = await start();
    const names = { servername: "staff.example", ...Shown };
    const staff = await TlsClient.connect(port, httpVersion, names);
    expect(await staff.get({ path: "/page", authority: "staff.example" })).toBe(200);
    const live = await Neighbour.open((await TlsClient.connect(port, httpVersion, names)).opening(), {
      path: "/echo",
      authority: "staff.example",
    });
    await gateway.replaceFile("clients.pem", Blue.certificate);
    expect(await gateway.reload(config)).toMatchObject({ type: "applied" });
    expect(await staff.get({ path: "/page", authority: "staff.example" })).toBe(421);
    await live.feelsNothing();
  });
});
