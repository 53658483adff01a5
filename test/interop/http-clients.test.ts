import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, fetch, type RequestInit } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { sumOf } from "../support/exposition.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { curl, TransferFormat, type CurlRun } from "./curl.ts";
import { Digits, GzipBytes, GzipText, startHttpOrigin, type HttpOrigin } from "./http-origin.ts";

const MiB = 1024 * 1024;
const Upload = randomBytes(8 * MiB);

let folder: string;
let origin: HttpOrigin;
let gateway: GatewayProcess;
let ca: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hawser-clients-"));
  const identity = await testCertificate();
  ca = identity.certificate;
  await writeFile(join(folder, "ca.pem"), ca);
  await writeFile(join(folder, "upload"), Upload);
  await writeFile(join(folder, "digits"), Digits);
  origin = await startHttpOrigin();
  gateway = await startGateway(
    {
      listeners: [
        { name: "https", address: "127.0.0.1:0", tls: { certificate: "certificate.pem", key: "key.pem" } },
        { name: "http", address: "127.0.0.1:0" },
      ],
      routes: [
        { name: "files", pathPrefix: "/files", root: folder },
        { name: "origin", pathPrefix: "/", upstream: "origin" },
      ],
      upstreams: { origin: { addresses: [origin.url] } },
    },
    { "certificate.pem": identity.certificate, "key.pem": identity.key },
  );
});

beforeEach(() => onTestFailed(() => console.error(gateway.log)));

afterAll(async () => {
  await gateway?.stop();
  await origin?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const CurlRows = [
  { version: "1.1", listener: "https", option: "--http1.1", continues: 1 },
  { version: "1.1", listener: "http", option: "--http1.1", continues: 1 },
  { version: "2", listener: "https", option: "--http2", continues: 0 },
  { version: "2", listener: "http", option: "--http2-prior-knowledge", continues: 0 },
];

describe.each(CurlRows)("curl over HTTP/$version by $listener", ({ version, listener, option, continues }) => {
  const url = (path: string): string => `${gateway.listeners.get(listener)}${path}`;
  const ask = async (...args: readonly string[]): Promise<CurlRun> => {
    const run = await curl([option, "--cacert", join(folder, "ca.pem"), ...args]);
    for (const { httpVersion } of run.transfers) expect(httpVersion).toBe(version);
    return run;
  };

  test("has trailers", async () => {
    const { transfers, heads, body } = await ask("--header", "TE: trailers", url("/trailers"));
    expect(transfers).toMatchObject([{ status: 200 }]);
    expect(body.toString()).toBe("summed");
    expect(heads.at(-1)).toBe("x-sum: 6");
  });

  test.each(["/digits", "/files/digits"])("is told by HEAD what %s has, and no more", async (path) => {
    const { transfers, heads } = await ask("--head", url(path));
    expect(transfers).toMatchObject([{ status: 200 }]);
    expect(heads.at(-1)).toMatch(/^content-length: 10$/im);
  });

  test.each(["/digits", "/files/digits"])("has a range of %s", async (path) => {
    const { transfers, heads, body } = await ask("--range", "2-4", url(path));
    expect(transfers).toMatchObject([{ status: 206 }]);
    expect(body.toString()).toBe("234");
    expect(heads.at(-1)).toMatch(/^content-range: bytes 2-4\/10$/im);
  });

  test("has early hints before the answer", async () => {
    const { heads, body } = await ask(url("/hints"));
    expect(body.toString()).toBe("hinted");
    expect(heads.map((head) => head.split(" ")[1])).toEqual(["103", "200"]);
    expect(heads[0]).toMatch(/^link: <\/style.css>; rel=preload; as=style$/im);
  });

  test("has packed content as it was packed", async () => {
    const { heads, body } = await ask(url("/gzip"));
    expect(heads[0]).toMatch(/^content-encoding: gzip$/im);
    expect(body.equals(GzipBytes)).toBe(true);
    expect((await ask("--compressed", url("/gzip"))).body.toString()).toBe(GzipText);
  });

  // curl waits for the 100 on HTTP/1.1 alone, and longer than this may take.
  const expectation = ["--header", "Expect: 100-continue", "--expect100-timeout", "60"];

  test("sends much when it is told to go on", async () => {
    const { transfers, heads, body } = await ask(...expectation, "--upload-file", join(folder, "upload"), url("/sum"));
    expect(transfers).toMatchObject([{ status: 200 }]);
    expect(body.toString()).toBe(sha256(Upload));
    expect(heads.filter((head) => head === "HTTP/1.1 100 Continue")).toHaveLength(continues);
  });

  test("is told that much is too much", async () => {
    const { transfers, body } = await ask(...expectation, "--upload-file", join(folder, "upload"), url("/refused"));
    expect(transfers).toMatchObject([{ status: 413 }]);
    expect(body.toString()).toBe("too large");
  });
});

// Not over HTTP/2 without TLS: curl 7.88 asks a second time over no such connection, whatever the server.
test.each(CurlRows.filter(({ option }) => option !== "--http2-prior-knowledge"))(
  "curl over HTTP/$version by $listener asks again over the connection on which it was told to go on",
  async ({ listener, option }) => {
    const url = (path: string): string => `${gateway.listeners.get(listener)}${path}`;
    const how = [option, "--cacert", join(folder, "ca.pem")];
    const upload = ["--header", "Expect: 100-continue", "--expect100-timeout", "60", "--upload-file"];
    const next = ["--next", ...how, "--silent", "--output", join(folder, "next"), "--write-out", TransferFormat];
    const { transfers } = await curl([...how, ...upload, join(folder, "upload"), url("/sum"), ...next, url("/digits")]);
    expect(transfers).toMatchObject([
      { status: 200, connects: 1 },
      { status: 200, connects: 0 },
    ]);
  },
);

test("curl has a hundred files at once over one HTTP/2 connection", async () => {
  const how = ["--http2", "--cacert", join(folder, "ca.pem"), "--parallel", "--parallel-max", "100"];
  const { transfers } = await curl([...how, `${gateway.listeners.get("https")}/digits?[1-100]`]);
  expect(transfers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
  expect(transfers.reduce((sum, { connects }) => sum + connects, 0)).toBe(1);
});

describe.each([
  { version: "HTTP/1.1", protocol: "h1", allowH2: false },
  { version: "HTTP/2", protocol: "h2", allowH2: true },
])("fetch of undici over $version", ({ protocol, allowH2 }) => {
  let agent: Agent;

  beforeEach(() => {
    agent = new Agent({ allowH2, connect: { ca } });
  });

  afterEach(() => agent.destroy());

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${gateway.listeners.get("https")}${path}`, { ...init, dispatcher: agent });

  const requests = async (): Promise<number> =>
    sumOf(await gateway.metrics(), "hawser_http_requests_total", { route: "origin", protocol });

  test("is seen by the gateway in the protocol it speaks", async () => {
    const before = await requests();
    expect(await (await ask("/digits")).text()).toBe(Digits);
    expect(await requests()).toBe(before + 1);
  });

  test("unpacks what is packed", async () => {
    const response = await ask("/gzip");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toBe(GzipText);
  });

  test("follows a redirect", async () => {
    const response = await ask("/moved");
    expect(response).toMatchObject({ redirected: true, status: 200 });
    expect(await response.text()).toBe(Digits);
  });

  test("has no file again that it has already", async () => {
    const etag = (await ask("/files/digits")).headers.get("etag") ?? "";
    const response = await ask("/files/digits", { headers: { "if-none-match": etag } });
    expect([response.status, await response.text()]).toEqual([304, ""]);
  });

  test("sends and has much at once, in parts of no length told before", async () => {
    const parts = Array.from({ length: 128 }, (_, part) => Upload.subarray(part * 65_536, (part + 1) * 65_536));
    const response = await ask("/same", { method: "POST", body: ReadableStream.from(parts), duplex: "half" });
    expect(sha256(await response.bytes())).toBe(sha256(Upload));
  });

  test("is no longer heard by the origin when it has left", async () => {
    const left = origin.left();
    const response = await ask("/endless");
    await response.body?.cancel();
    await left;
  });
});
