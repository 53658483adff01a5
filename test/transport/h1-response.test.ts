import { expect, test } from "vitest";
import { encodeLastResponse } from "../../src/transport/h1-response.ts";

const linesOf = (response: Buffer): string[] =>
  response
    .toString("latin1")
    .split("\r\n")
    .filter((line) => !line.startsWith("Date: "));

test.each([
  {
    name: "a length of its own alone",
    answer: { status: 403, fields: ["content-length", "99", "x-a", "1"], body: "no" },
    lines: ["HTTP/1.1 403 Forbidden", "Connection: close", "x-a: 1", "Content-Length: 2", "", "no"],
  },
  {
    name: "no length where there is no content",
    answer: { status: 304, fields: ["etag", '"1"'], body: "" },
    lines: ["HTTP/1.1 304 Not Modified", "Connection: close", 'etag: "1"', "", ""],
  },
  {
    name: "Upgrade, named in Connection",
    answer: { status: 426, fields: ["upgrade", "websocket"], body: "" },
    lines: [
      "HTTP/1.1 426 Upgrade Required",
      "Connection: close, Upgrade",
      "upgrade: websocket",
      "Content-Length: 0",
      "",
      "",
    ],
  },
  {
    name: "a value that only looks like Upgrade",
    answer: { status: 403, fields: ["vary", "upgrade"], body: "" },
    lines: ["HTTP/1.1 403 Forbidden", "Connection: close", "vary: upgrade", "Content-Length: 0", "", ""],
  },
])("a last response has $name", ({ answer, lines }) => {
  const found = linesOf(encodeLastResponse(answer)).map((line) => line.replace(/^content-length/, "Content-Length"));
  expect(found).toEqual(lines);
});
