import { describe, expect, test } from "vitest";
import { browserOf, wordsFor, type Situation } from "../../config/demo/site/words.js";

/** All is well: a hundred streams of one connection. */
const well: Situation = {
  phase: "settled",
  wanted: 100,
  open: 100,
  failed: 0,
  lost: 0,
  closeCode: undefined,
  connections: 1,
  overHttp2: true,
  openMs: 143,
  side: "on",
  pageOverHttp1: false,
  reachable: true,
  http1Origin: "https://localhost:8444",
  browser: "chromium",
};
const eachItsOwn = { overHttp2: false, connections: 100 };
/** Stands for the notice that is not there. */
const NoNotice = { title: "" };
const none = { open: 0, failed: 100, connections: 0, overHttp2: false };

describe("what the status line says", () => {
  test.each<{ name: string; change: Partial<Situation>; state: string; tone: string; says: RegExp }>([
    {
      name: "opening",
      change: { phase: "opening" },
      state: "opening",
      tone: "busy",
      says: /^Opening 100 WebSockets with HTTP\/2 on/,
    },
    {
      name: "all on one",
      change: {},
      state: "open",
      tone: "good",
      says: /^All open after 143 ms, as streams of one HTTP\/2 conn/,
    },
    {
      name: "all on two",
      change: { connections: 2 },
      state: "open",
      tone: "good",
      says: /streams of 2 HTTP\/2 connections/,
    },
    {
      name: "only one",
      change: { wanted: 1, open: 1 },
      state: "open",
      tone: "good",
      says: /^Open after 143 ms, as a stream of one/,
    },
    {
      name: "switched off",
      change: { side: "off", ...eachItsOwn },
      state: "open",
      tone: "good",
      says: /connection of its own\.$/,
    },
    {
      name: "page on HTTP/1.1",
      change: { side: "off", pageOverHttp1: true, ...eachItsOwn },
      state: "open",
      tone: "good",
      says: /This address has no HTTP\/2/,
    },
    {
      name: "no gateway",
      change: { connections: 0, overHttp2: false },
      state: "open",
      tone: "good",
      says: /No gateway says/,
    },
    {
      name: "some",
      change: { open: 60, failed: 40 },
      state: "partial",
      tone: "bad",
      says: /^60 of 100 WebSockets opened, 40 failed/,
    },
    { name: "refused", change: none, state: "none", tone: "bad", says: /^No WebSocket opened/ },
    { name: "unreachable", change: { ...none, reachable: false }, state: "none", tone: "bad", says: /does not answer/ },
    {
      name: "gateway stops",
      change: { ...none, failed: 0, lost: 100, closeCode: 1012 },
      state: "lost",
      tone: "bad",
      says: /gateway stops.*1012/,
    },
    {
      name: "some lost",
      change: { open: 99, lost: 1, closeCode: 1006 },
      state: "lost",
      tone: "bad",
      says: /^1 WebSocket closed without a Close/,
    },
    {
      name: "closed by code",
      change: { open: 98, lost: 2, closeCode: 1001 },
      state: "lost",
      tone: "bad",
      says: /^2 WebSockets closed with code 1001, 98/,
    },
  ])("$name", ({ change, state, tone, says }) => {
    expect(wordsFor({ ...well, ...change })).toMatchObject({ state, tone, status: expect.stringMatching(says) });
  });
});

describe("what a notice explains", () => {
  test.each<{ name: string; change: Partial<Situation>; notice: object }>([
    { name: "nothing while opening", change: { phase: "opening" }, notice: NoNotice },
    { name: "nothing when all is well", change: {}, notice: NoNotice },
    { name: "nothing when HTTP/2 is switched off", change: { side: "off", ...eachItsOwn }, notice: NoNotice },
    {
      name: "a browser without RFC 8441",
      change: eachItsOwn,
      notice: { title: "Your browser opened 100 TCP connections" },
    },
    {
      name: "Firefox's limit",
      change: { wanted: 250, open: 200, failed: 50, browser: "firefox" },
      notice: { text: expect.stringContaining("network.websocket.max-connections"), reopen: true },
    },
    {
      name: "Chromium's limit",
      change: { wanted: 250, open: 200, failed: 50 },
      notice: { text: expect.stringContaining("255") },
    },
    {
      name: "the certificate of the other port",
      change: { ...none, side: "off" },
      notice: { link: "https://localhost:8444/#certificate" },
    },
    {
      name: "no certificate where the page has that port",
      change: { ...none, side: "off", pageOverHttp1: true },
      notice: { reopen: true },
    },
    {
      name: "a gateway that stops",
      change: { ...none, lost: 100, closeCode: 1012 },
      notice: { title: "The gateway is stopping", reopen: true },
    },
    {
      name: "no certificate where nothing answers",
      change: { ...none, side: "off", reachable: false },
      notice: { title: "The gateway does not answer" },
    },
    {
      name: "a gateway that is gone",
      change: { ...none, reachable: false },
      notice: { text: expect.stringContaining("npm start"), reopen: true },
    },
  ])("$name", ({ change, notice }) => {
    expect(wordsFor({ ...well, ...change }).notice ?? NoNotice).toMatchObject(notice);
  });
});

test.each([
  { agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", browser: "firefox" },
  {
    agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    browser: "chromium",
  },
  {
    agent: "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    browser: "other",
  },
])("$browser is told by its user agent", ({ agent, browser }) => {
  expect(browserOf(agent)).toBe(browser);
});
