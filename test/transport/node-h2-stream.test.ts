import { describeByteStream } from "../contract/byte-stream.ts";
import { openH2Pair } from "../support/h2-stream-pair.ts";

for (const access of ["TLS", "cleartext"] as const) {
  describeByteStream(`HTTP/2 over ${access}`, () => openH2Pair(access, "node"));
}
