import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { HttpVersions, Neighbour, type HttpVersion } from "../support/loopback-clients.ts";
import { h1Client, h2Client, type OpeningClient } from "../support/opening-client.ts";

/** A gateway whose TLS listener has a certificate for each of `names`; all its hosts are answered by an echo. */
async function startWithNames(names: readonly string[]): Promise<{ gateway: GatewayUnderTest; port: number }> {
  const files: Record<string, string> = {};
  for (const name of names) {
    const { certificate, key } = await testCertificate([name]);
    files[`${name}.pem`] = certificate;
    files[`${name}.key`] = key;
  }
  const certificates = names.map((name) => ({ certificate: `${name}.pem`, key: `${name}.key` }));
  const gateway = await startGatewayUnderTest(
    {
      listeners: [{ name: "main", address: "127.0.0.1:0", tls: { certificates } }],
      routes: [{ name: "echo", path: "/echo", handler: "echo" }],
    },
    files,
  );
  const port = Number(/listening main https:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.log.join("\n"))?.[1]);
  return { gateway, port };
}

async function connectTo(serverName: string, port: number, httpVersion: HttpVersion): Promise<OpeningClient> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername: serverName,
    ALPNProtocols: [httpVersion === "2" ? "h2" : "http/1.1"],
    rejectUnauthorized: false,
  });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  if (httpVersion === "1.1") return h1Client(socket);
  const session = connectHttp2(`https://${serverName}`, { createConnection: () => socket });
  session.on("error", () => undefined);
  onTestFinished(() => {
    session.destroy();
  });
  await once(session, "remoteSettings");
  return h2Client(session);
}

test.each(HttpVersions)(
  "over HTTP/$httpVersion a host that its handshake did not lead to is 421, and its own host goes on",
  async ({ httpVersion, protocol, opened }) => {
    const { gateway, port } = await startWithNames(["a.example.com", "b.example.com"]);
    const own = { path: "/echo", authority: "b.example.com" };
    const neighbour = await Neighbour.open(await connectTo("b.example.com", port, httpVersion), own);
    const cases = [
      { serverName: "a.example.com", authority: "a.example.com", status: opened },
      { serverName: "a.example.com", authority: "b.example.com", status: 421 },
      { serverName: "b.example.com", authority: "a.example.com", status: 421 },
      { serverName: "b.example.com", authority: "B.Example.com.:8443", status: opened },
    ];
    for (const { serverName, authority, status } of cases) {
      const client = await connectTo(serverName, port, httpVersion);
      client.ask({ path: "/echo", authority });
      const { status: got } = await client.response();
      expect({ serverName, authority, status: got }).toEqual({ serverName, authority, status });
    }
    await neighbour.feelsNothing();
    expect(await gateway.metric("hawser_openings_total", { protocol, result: "misdirected" })).toBe(2);
  },
);

test.each(HttpVersions)(
  "over HTTP/$httpVersion and TLS an http page is no page of this site, an https page is",
  async ({ httpVersion, protocol, opened }) => {
    const { gateway, port } = await startWithNames(["a.example.com"]);
    const statusFor = async (origin: string) => {
      const client = await connectTo("a.example.com", port, httpVersion);
      client.ask({ path: "/echo", authority: "a.example.com", fields: [["Origin", origin]] });
      return (await client.response()).status;
    };
    expect(await statusFor("https://a.example.com")).toBe(opened);
    expect(await statusFor("http://a.example.com")).toBe(403);
    expect(await gateway.metric("hawser_openings_total", { protocol, result: "origin" })).toBe(1);
  },
);
