import { expect, test } from "vitest";
import { summarize, type SocketFacts } from "../../config/demo/site/summary.js";

const http2 = (connection: number): SocketFacts => ({ state: "open", http: "2", connection });
const http1 = (connection: number): SocketFacts => ({ state: "open", http: "1.1", connection });
const lost = (closeCode: number): SocketFacts => ({ state: "lost", http: "2", connection: 7, closeCode });

test.each<{ name: string; views: SocketFacts[]; expected: object }>([
  { name: "none", views: [], expected: { open: 0, connections: 0, overHttp2: false, strands: [] } },
  { name: "streams of one", views: [http2(7), http2(7)], expected: { open: 2, connections: 1, overHttp2: true } },
  { name: "streams of two", views: [http2(7), http2(9)], expected: { open: 2, connections: 2, overHttp2: true } },
  { name: "one each", views: [http1(7), http1(8)], expected: { open: 2, connections: 2, overHttp2: false } },
  { name: "mixed", views: [http2(7), http1(8)], expected: { connections: 2, overHttp2: false, strands: [7, 8] } },
  { name: "no gateway", views: [{ state: "open" }], expected: { open: 1, connections: 0, strands: [undefined] } },
  { name: "only open ones count", views: [http2(7), { ...http2(8), state: "closed" }], expected: { connections: 1 } },
  { name: "failed", views: [{ state: "failed" }, http2(7)], expected: { open: 1, failed: 1, lost: 0 } },
  { name: "lost", views: [lost(1006), lost(1012), lost(1012)], expected: { open: 0, lost: 3, closeCode: 1012 } },
  { name: "none lost", views: [http2(7)], expected: { closeCode: undefined } },
])("$name", ({ views, expected }) => {
  expect(summarize(views)).toMatchObject(expected);
});
