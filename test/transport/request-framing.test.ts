import { describe, expect, test } from "vitest";
import { judgeFraming } from "../../src/transport/request-framing.ts";

const Unframed = { contentLength: undefined, isChunked: false, expectsContinue: false };

test.each([
  { fields: [], framing: {} },
  { fields: ["content-length", "0"], framing: { contentLength: 0 } },
  { fields: ["content-length", "999999999999999"], framing: { contentLength: 999_999_999_999_999 } },
  { fields: ["transfer-encoding", "chunked"], framing: { isChunked: true } },
  { fields: ["transfer-encoding", "Chunked"], framing: { isChunked: true } },
  { fields: ["expect", "100-Continue", "content-length", "1"], framing: { expectsContinue: true, contentLength: 1 } },
  { fields: ["expect", "anything"], version: "1.0", framing: {} },
])("$fields are a framing", ({ fields, version = "1.1", framing }) => {
  expect(judgeFraming(version, fields)).toEqual({ ...Unframed, ...framing });
});

describe("is refused", () => {
  const lengths = ["", "+5", "-5", "5 ", "5,5", "5, 5", "0x5", "5e1", "05", "00", "1_0", "\u0665", "1000000000000000"];

  test.each(lengths)("a length %j", (length) => {
    expect(judgeFraming("1.1", ["content-length", length])).toMatchObject({ rejection: { status: 400 } });
  });

  test.each(["5", "6"])("a length twice, the second %s", (second) => {
    const fields = ["content-length", "5", "content-length", second];
    expect(judgeFraming("2", fields)).toMatchObject({ rejection: { status: 400 } });
  });

  test.each([
    { coding: "gzip, chunked", status: 501 },
    { coding: "gzip,deflate ,\tchunked", status: 501 },
    { coding: "xchunked", status: 400 },
    { coding: "chunked, identity", status: 400 },
    { coding: "chunked, chunked", status: 400 },
    { coding: "identity", status: 400 },
    { coding: ",chunked", status: 400 },
    { coding: "chunked,", status: 400 },
    { coding: '"chunked"', status: 400 },
    { coding: "chunked;q=1", status: 400 },
    { coding: "", status: 400 },
    { coding: "chunked", version: "1.0", status: 400 },
    { coding: "chunked", more: ["transfer-encoding", "chunked"], status: 400 },
    { coding: "chunked", more: ["content-length", "5"], status: 400 },
  ])("a coding $coding on HTTP/$version beside $more", ({ coding, version = "1.1", more = [], status }) => {
    const refused = judgeFraming(version, ["transfer-encoding", coding, ...more]);
    expect(refused).toEqual({ refusal: "malformed", rejection: { status, fields: [], body: "" } });
  });

  test.each(["200-ok", "100-continue, other", "100-continue;a"])("an expectation %s", (expectation) => {
    expect(judgeFraming("2", ["expect", expectation])).toMatchObject({ rejection: { status: 417 } });
  });
});
