// What an ordinary HTTP request costs, in CPU of the proxy, beside nginx and HAProxy: `npm run bench:http`.
// Needs nginx, haproxy, h2load (nghttp2-client), wrk and taskset. The proxy has one core, everything else the other one.

import { execFile, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cpuSeconds, startOnCore } from "../support/bench-process.ts";
import { testCertificate } from "../support/certificates.ts";

const run = promisify(execFile);
const Rounds = 3;
const ProxyCore = "0";
const LoadCore = "1";
const Ports = {
  origin: 9_180,
  hawser: 9_181,
  nginx: 9_182,
  haproxy: 9_183,
  clear: { hawser: 9_191, nginx: 9_192, haproxy: 9_193 },
};
const Peers = ["hawser", "nginx", "haproxy"] as const;
type Peer = (typeof Peers)[number];

/** A load, and how many requests it was. */
interface Scenario {
  readonly name: string;
  readonly requests: number;
  readonly command: (peer: Peer, folder: string) => readonly [string, ...string[]];
}

function h2load(requests: number, path: string, ...options: string[]): Scenario["command"] {
  return (peer, folder) => {
    const load = options.map((option) => option.replace("FOLDER", folder));
    return ["h2load", "-t1", `-n${requests}`, ...load, `https://127.0.0.1:${Ports[peer]}${path}`];
  };
}

const Scenarios: readonly Scenario[] = [
  { name: "h2, GET 1 KiB", requests: 20_000, command: h2load(20_000, "/1k", "-c10", "-m10") },
  { name: "h1 over TLS, GET 1 KiB", requests: 20_000, command: h2load(20_000, "/1k", "--h1", "-c20") },
  { name: "h2, GET 1 MiB", requests: 500, command: h2load(500, "/1m", "-c5", "-m4", "-w24", "-W24") },
  { name: "h1 over TLS, GET 1 MiB", requests: 500, command: h2load(500, "/1m", "--h1", "-c10") },
  { name: "h2, POST 64 KiB", requests: 3_000, command: h2load(3_000, "/post", "-c10", "-m4", "-dFOLDER/64k") },
  { name: "h2, TLS handshakes", requests: 1_000, command: h2load(1_000, "/1k", "-c1000", "-m1", "-r400") },
];

/** Starts all, one round after the other, and prints a table in Markdown. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-bench-"));
  const processes: ChildProcess[] = [];
  try {
    await prepare(folder);
    const start = async (core: string, port: number, ...command: [string, ...string[]]): Promise<number> => {
      const child = await startOnCore(core, port, ...command);
      processes.push(child);
      return child.pid ?? 0;
    };
    await start(LoadCore, Ports.origin, "nginx", "-c", join(folder, "origin.conf"), "-p", folder, "-g", "daemon off;");
    const pids: Record<Peer, number> = {
      hawser: await start(
        ProxyCore,
        Ports.hawser,
        process.execPath,
        "src/cli/main.ts",
        "run",
        join(folder, "hawser.yaml"),
      ),
      nginx: await start(
        ProxyCore,
        Ports.nginx,
        "nginx",
        "-c",
        join(folder, "nginx.conf"),
        "-p",
        folder,
        "-g",
        "daemon off;",
      ),
      haproxy: await start(ProxyCore, Ports.haproxy, "haproxy", "-db", "-f", join(folder, "haproxy.cfg")),
    };
    console.log(`| ${["µs of CPU per request", ...Peers, "÷ nginx", "÷ haproxy"].join(" | ")} |`);
    console.log(
      `| ${Array(Peers.length + 3)
        .fill("---")
        .join(" | ")} |`,
    );
    for (const scenario of [...Scenarios, wrkScenario(pids)]) console.log(await measured(scenario, pids, folder));
  } finally {
    for (const child of processes) child.kill("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
}

/** HTTP/1.1 in cleartext by another load generator; it runs for a time, so what it did is counted by itself. */
function wrkScenario(_pids: Record<Peer, number>): Scenario {
  const command = (peer: Peer): [string, ...string[]] => [
    "wrk",
    "-t1",
    "-c20",
    "-d2",
    `http://127.0.0.1:${Ports.clear[peer]}/1k`,
  ];
  return { name: "h1 in cleartext, GET 1 KiB (wrk)", requests: 0, command };
}

async function measured(scenario: Scenario, pids: Record<Peer, number>, folder: string): Promise<string> {
  const best: Record<Peer, number> = { hawser: Infinity, nginx: Infinity, haproxy: Infinity };
  // The first round warms up.
  for (let round = 0; round <= Rounds; round++) {
    for (const peer of Peers) {
      const before = await cpuSeconds(pids[peer]);
      const [program, ...args] = scenario.command(peer, folder);
      const { stdout } = await run("taskset", ["-c", LoadCore, program, ...args], {
        timeout: 120_000,
        maxBuffer: 1 << 24,
      });
      const used = (await cpuSeconds(pids[peer])) - before;
      if (round > 0) best[peer] = Math.min(best[peer], (used * 1e6) / requestsIn(stdout, scenario));
    }
  }
  const cells = [...Peers.map((peer) => best[peer].toFixed(0)), ratio(best, "nginx"), ratio(best, "haproxy")];
  return `| ${[scenario.name, ...cells].join(" | ")} |`;
}

function ratio(best: Record<Peer, number>, peer: Peer): string {
  return (best.hawser / best[peer]).toFixed(2);
}

/** @throws Error where not every request was answered with 2xx. */
function requestsIn(output: string, { name, requests }: Scenario): number {
  if (requests === 0) {
    if (/Non-2xx/.test(output)) throw new Error(`${name}: ${output}`);
    return Number(/(\d+) requests in/.exec(output)?.[1]);
  }
  const succeeded = Number(/status codes: (\d+) 2xx/.exec(output)?.[1]);
  if (succeeded !== requests) throw new Error(`${name}: ${succeeded} of ${requests} answered\n${output}`);
  return requests;
}

async function prepare(folder: string): Promise<void> {
  const { certificate, key } = await testCertificate();
  await mkdir(join(folder, "www"));
  const files: Readonly<Record<string, string | Buffer>> = {
    "cert.pem": certificate,
    "key.pem": key,
    "both.pem": `${certificate}\n${key}\n`,
    "www/1k": Buffer.alloc(1_024, "x"),
    "www/1m": Buffer.alloc(1_048_576, "x"),
    "64k": Buffer.alloc(65_536, "x"),
    "origin.conf": originConf(folder),
    "nginx.conf": nginxConf(folder),
    "haproxy.cfg": haproxyConf(folder),
    "hawser.yaml": hawserConf(),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

const nginxHead = (folder: string, name: string): string => `
  user root; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log;
  events { worker_connections 4096; }
`;

function originConf(folder: string): string {
  return `${nginxHead(folder, "origin")}
  http { access_log off; sendfile on; keepalive_requests 1000000; client_max_body_size 1g;
    server { listen 127.0.0.1:${Ports.origin}; root ${folder}/www; location = /post { client_body_buffer_size 128k; proxy_pass http://127.0.0.1:${Ports.origin}/1k; proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length ""; } } }`;
}

function nginxConf(folder: string): string {
  return `${nginxHead(folder, "nginx")}
  http { access_log off; keepalive_requests 1000000; client_max_body_size 1g;
    upstream origin { server 127.0.0.1:${Ports.origin}; keepalive 64; keepalive_requests 1000000; }
    server { listen 127.0.0.1:${Ports.nginx} ssl http2; listen 127.0.0.1:${Ports.clear.nginx};
      ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
      location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; } } }`;
}

function haproxyConf(folder: string): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend f
  bind 127.0.0.1:${Ports.haproxy} ssl crt ${folder}/both.pem alpn h2,http/1.1
  bind 127.0.0.1:${Ports.clear.haproxy}
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:${Ports.origin}
`;
}

function hawserConf(): string {
  return JSON.stringify({
    listeners: [
      { name: "tls", address: `127.0.0.1:${Ports.hawser}`, tls: { certificate: "cert.pem", key: "key.pem" } },
      { name: "clear", address: `127.0.0.1:${Ports.clear.hawser}` },
    ],
    routes: [{ upstream: "origin" }],
    upstreams: { origin: { addresses: [`http://127.0.0.1:${Ports.origin}`] } },
    admin: { address: "127.0.0.1:0" },
    log: { requests: false },
  });
}

await main();
