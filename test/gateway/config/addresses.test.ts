import { describe, expect, test } from "vitest";
import {
  isIpAddress,
  isLoopback,
  isNetwork,
  tryHostPort,
  tryUpstreamAddress,
} from "../../../src/gateway/config/addresses.ts";

test.each([
  { text: "127.0.0.1:8443", place: { host: "127.0.0.1", port: 8443 } },
  { text: "[::]:8443", place: { host: "::", port: 8443 } },
  { text: "localhost:0", place: { host: "localhost", port: 0 } },
  { text: "127.0.0.1", place: undefined },
  { text: ":8443", place: undefined },
  { text: "::1:8443", place: undefined },
  { text: "127.0.0.1:65536", place: undefined },
  { text: "https://127.0.0.1:1", place: undefined },
  { text: "", place: undefined },
])("the place to listen on that $text is", ({ text, place }) => {
  expect(tryHostPort(text)).toEqual(place);
});

describe("an upstream's address", () => {
  const tcp = (scheme: "http" | "https" | "ws" | "wss", authority: string, host: string, port: number) => {
    return { scheme, authority, url: `${scheme}://${authority}`, host, port };
  };
  test.each([
    { text: "ws://127.0.0.1:9001", address: tcp("ws", "127.0.0.1:9001", "127.0.0.1", 9001) },
    { text: "ws://backend", address: tcp("ws", "backend", "backend", 80) },
    { text: "wss://backend", address: tcp("wss", "backend", "backend", 443) },
    { text: "wss://backend:443/", address: tcp("wss", "backend", "backend", 443) },
    { text: "wss://Backend.Example:9443", address: tcp("wss", "backend.example:9443", "backend.example", 9443) },
    { text: "ws://[::1]:9001", address: tcp("ws", "[::1]:9001", "::1", 9001) },
    { text: "http://backend", address: tcp("http", "backend", "backend", 80) },
    { text: "http://backend:80/", address: tcp("http", "backend", "backend", 80) },
    { text: "https://[::1]:8443", address: tcp("https", "[::1]:8443", "::1", 8443) },
    { text: "http+unix:///run/web.sock", address: { scheme: "http+unix", path: "/run/web.sock" } },
    { text: "http+unix:web.sock", address: { scheme: "http+unix", path: "web.sock" } },
    { text: "ws+unix:///run/chat.sock", address: { scheme: "ws+unix", path: "/run/chat.sock" } },
    { text: "ws+unix:run/chat.sock", address: { scheme: "ws+unix", path: "run/chat.sock" } },
  ])("reads $text", ({ text, address }) => {
    expect(tryUpstreamAddress(text)).toEqual(address);
  });

  test.each([
    "ftp://backend",
    "http://backend/path",
    "https+unix:///run/web.sock",
    "HTTP://backend",
    "ws://",
    "ws:///run/chat.sock",
    "ws://backend:0",
    "ws://backend:65536",
    "ws://backend/path",
    "ws://backend?query",
    "ws://user@backend",
    "ws://back end",
    "ws+unix:",
    "ws+unix://run/chat.sock",
    "ws+unix:///run/chat.sock?x",
    "backend:9001",
  ])("refuses %s", (text) => {
    expect(tryUpstreamAddress(text)).toBeUndefined();
  });
});

test.each([
  { text: "10.0.0.1", address: true, network: false },
  { text: "2001:db8::1", address: true, network: false },
  { text: "10.0.0.0/8", address: false, network: true },
  { text: "2001:db8::/32", address: false, network: true },
  { text: "10.0.0.0/33", address: false, network: false },
  { text: "10.0.0/8", address: false, network: false },
  { text: "::/129", address: false, network: false },
  { text: "[::1]", address: false, network: false },
  { text: "localhost", address: false, network: false },
])("$text: an address is $address, a network is $network", ({ text, address, network }) => {
  expect([isIpAddress(text), isNetwork(text)]).toEqual([address, network]);
});

test.each([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["::1", true],
  ["LocalHost.", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.example.com", false],
  ["admin.internal", false],
])("only this machine reaches %s: %s", (host, isLocal) => {
  expect(isLoopback(host)).toBe(isLocal);
});
