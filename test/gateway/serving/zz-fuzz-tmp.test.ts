import { createServer } from "node:net";
import { once } from "node:events";
import { Readable } from "node:stream";
import { test, expect } from "vitest";
import { proxyTo, loopback } from "../../support/proxying.ts";
const Ok = "HTTP/1.1 200 OK\r\n";
const bits = ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 E\r\n\r\n", "HTTP/1.1 204 N\r\n", "HTTP/1.1 304 N\r\n", "HTTP/1.0 200 OK\r\n", "content-length: 5\r\n", "content-length: 0\r\n", "transfer-encoding: chunked\r\n", "connection: close\r\n", "connection: keep-alive\r\n", "keep-alive: timeout=1\r\n", "\r\n", "hello", "5\r\nhello\r\n", "0\r\n\r\n", "0\r\nx: y\r\n\r\n", "x".repeat(70000), `ffff\r\n${"y".repeat(65535)}\r\n`, "\n", "\r", "\0", "HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "content-type: text/event-stream\r\n", "__proto__: 1\r\n", "constructor: 1\r\nconstructor: 2\r\n"];
const heads = [`${Ok}content-length: 5\r\n\r\nhello`, `${Ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, `${Ok}\r\nhello`, `${Ok}content-length: 200000\r\n\r\n${"z".repeat(200000)}`, `${Ok}transfer-encoding: chunked\r\n\r\n${`ffff\r\n${"y".repeat(65535)}\r\n`.repeat(4)}0\r\n\r\n`];
let seed = Number(process.env.SEED ?? 1); const rnd = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff; const pick = <T>(a: T[]): T => a[Math.floor(rnd() * a.length)]!;
test("fuzz", { timeout: 100_000 }, async () => {
  const sockets = new Set<any>();
  const server = createServer((s) => { sockets.add(s); s.on("error", () => {}); s.on("close", () => sockets.delete(s));
    s.on("data", () => {
      const n = Math.floor(rnd() * 6); let text = rnd() < 0.6 ? pick(heads) : ""; for (let i = 0; i < n; i++) if (rnd() < 0.5 || text === "") text += pick(bits);
      const b = Buffer.from(text, "latin1"); const cuts = Math.floor(rnd() * 4); let at = 0;
      const end = rnd();
      const step = (k: number) => { if (s.destroyed) return; const to = k === 0 ? b.length : Math.min(b.length, at + Math.floor(rnd() * (b.length - at))); s.write(b.subarray(at, to)); at = to; if (k > 0) return void setImmediate(step, k - 1); if (end < 0.25) s.end(); else if (end < 0.45) s.resetAndDestroy(); };
      step(cuts);
    }); });
  server.listen(0, "127.0.0.1"); await once(server, "listening");
  const proxy = proxyTo([loopback((server.address() as any).port)], { maxConnections: 6, maxWaiting: 1000, responseTimeoutMs: 60, bodyIdleMs: 60 });
  const N = 6000; let done = 0; const tally: Record<string, number> = {};
  const one = async () => {
    const method = pick(["GET", "HEAD", "POST", "PUT"]);
    let body: Readable | undefined;
    if ((method === "POST" || method === "PUT") && rnd() < 0.8) { body = new Readable({ read() {} }); body.on("error", () => {}); body.push("x".repeat(Math.floor(rnd() * 100000) + 1)); if (rnd() < 0.7) body.push(null); else setTimeout(() => rnd() < 0.5 ? body!.push(null) : body!.destroy(new Error("left")), rnd() * 20); }
    const ex = proxy.ask({ method, body });
    if (rnd() < 0.5) ex.isFull = true;
    const iv = setInterval(() => { if (rnd() < 0.5) { ex.isFull = true; } else ex.drain(); }, 1 + rnd() * 4);
    if (rnd() < 0.2) setTimeout(() => { if (ex.ending === undefined) { ex.leave(); body?.destroy(new Error("left")); } }, rnd() * 15);
    const t = setTimeout(() => console.log("STUCK", method, ex.status, ex.ending, proxy.context.live.size), 3000);
    await ex.over.promise; clearInterval(iv); clearTimeout(t); done++;
    const k = `${ex.status}/${ex.ending}`; tally[k] = (tally[k] ?? 0) + 1;
  };
  const workers = Array.from({ length: 12 }, async () => { while (done < N) await one(); });
  await Promise.all(workers);
  console.log(tally, proxy.outcomes.length, proxy.context.live.size);
  expect(proxy.context.live.size).toBe(0);
  server.close(); for (const s of sockets) s.destroy();
});
