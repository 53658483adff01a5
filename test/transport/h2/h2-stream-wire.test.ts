import { describeByteStream } from "../../contract/byte-stream.ts";
import { describeExchange } from "../../contract/exchange.ts";
import { describeOpening } from "../../contract/opening.ts";
import { connectH2Exchange } from "../../support/exchange-client.ts";
import { openH2Pair } from "../../support/h2-stream-pair.ts";
import { connectH2Client } from "../../support/opening-client.ts";

const engine = "hawser";

for (const access of ["TLS", "cleartext"] as const) {
  describeByteStream(`HTTP/2 framed by hawser over ${access}`, () => openH2Pair(access, engine));

  describeOpening(`Extended CONNECT framed by hawser over ${access}`, {
    access,
    httpVersion: "2",
    connectClient: connectH2Client,
    engine,
  });

  describeExchange(`HTTP/2 framed by hawser over ${access}`, {
    access,
    httpVersion: "2",
    connectClient: connectH2Exchange,
    engine,
  });
}
