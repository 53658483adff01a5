import { upgradeRequest } from "./listening.ts";
import { get, h1Request, h2Request, post, Smuggled, type SmugglingCase } from "./smuggling-attempts.ts";

const H2c = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"];
const refused = { h1Answers: [400] };
/** Served as if no protocol had been offered, and the connection closes. */
const lastOne = { h1Answers: [200] };

/** Changes of the protocol, and what comes before and behind them. Openings are rejected with 403. */
export const UpgradeCases: readonly SmugglingCase[] = [
  { name: "an Upgrade", h1: upgradeRequest(), h1Answers: [403] },
  {
    name: "an Upgrade with a length",
    h1: upgradeRequest("/", [`Content-Length: ${Smuggled.length}`]) + Smuggled,
    ...refused,
  },
  {
    name: "an Upgrade with a length of 0",
    h1: upgradeRequest("/", ["Content-Length: 0"]) + Smuggled,
    h1Answers: [403],
  },
  {
    name: "an Upgrade with a coding",
    h1: `${upgradeRequest("/", ["Transfer-Encoding: chunked"])}0\r\n\r\n${Smuggled}`,
    ...refused,
  },
  {
    name: "an Upgrade with both",
    h1: upgradeRequest("/", ["Transfer-Encoding: chunked", "Content-Length: 5"]),
    ...refused,
  },
  { name: "an Upgrade with a request behind it", h1: upgradeRequest() + Smuggled, h1Answers: [403] },
  {
    name: "an Upgrade with a wrong version and a request behind it",
    h1: upgradeRequest().replace(": 13", ": 777") + Smuggled,
    h1Answers: [426],
  },
  {
    name: "an Upgrade that Connection does not name",
    h1: upgradeRequest().replace("Connection: Upgrade\r\n", "") + Smuggled,
    ...refused,
  },
  { name: "an Upgrade by POST", h1: upgradeRequest().replace("GET", "POST") + Smuggled, h1Answers: [405] },
  { name: "an Upgrade in absolute-form", h1: upgradeRequest("http://example.com/") + Smuggled, ...refused },
  { name: "an Upgrade on HTTP/1.0", h1: upgradeRequest().replace("HTTP/1.1", "HTTP/1.0") + Smuggled, ...refused },
  {
    name: "an Upgrade behind a request",
    h1: h1Request("GET /first") + upgradeRequest(),
    h1Answers: [200, 400],
    seen: "GET /first",
  },
  { name: "an offer of h2c", h1: get(H2c) + Smuggled, ...lastOne, seen: "GET /" },
  {
    name: "an offer of h2c with content",
    h1: post([...H2c, "Content-Length: 2"], `hi${Smuggled}`),
    ...lastOne,
    seen: "POST / hi",
  },
  {
    name: "an offer of h2c with both framings",
    h1: post([...H2c, "Content-Length: 2", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    ...refused,
  },
  {
    name: "an offer of TLS",
    h1: get(["Connection: Upgrade", "Upgrade: TLS/1.0"]) + Smuggled,
    ...lastOne,
    seen: "GET /",
  },
  {
    name: "the preface of HTTP/2 in mid-connection",
    h1: `${h1Request("GET /first")}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    h1Answers: [200, 400],
    seen: "GET /first",
  },
  {
    name: "CONNECT",
    h1: "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n",
    h1Answers: [501],
    h2: {
      fields: [
        [":method", "CONNECT"],
        [":authority", "example.com:80"],
      ],
    },
    h2Answer: 501,
  },
  {
    name: "CONNECT with a length",
    h1: `CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\nContent-Length: 9\r\n\r\n${Smuggled}`,
    h1Answers: [501],
  },
  {
    name: "an Extended CONNECT for another protocol",
    h2: h2Request("CONNECT", [[":protocol", "connect-udp"]]),
    h2Answer: "reset",
  },
  {
    name: ":protocol on a GET",
    h2: { fields: [[":protocol", "websocket"], ...h2Request("GET").fields] },
    h2Answer: "reset",
  },
  {
    name: "an Extended CONNECT with a length",
    h2: { fields: [[":protocol", "websocket"], ...h2Request("CONNECT", [["content-length", "0"]]).fields] },
    h2Answer: 400,
  },
  {
    name: "an Extended CONNECT whose Host differs",
    h2: { fields: [[":protocol", "websocket"], ...h2Request("CONNECT", [["host", "other"]]).fields] },
    h2Answer: 400,
  },
];
