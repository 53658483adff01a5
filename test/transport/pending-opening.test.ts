import { describeOpening } from "../contract/opening.ts";
import { connectH1Client, connectH2Client } from "../support/opening-client.ts";

for (const access of ["TLS", "cleartext"] as const) {
  describeOpening(`Upgrade over ${access}`, { access, httpVersion: "1.1", connectClient: connectH1Client });
  describeOpening(`Extended CONNECT over ${access}`, { access, httpVersion: "2", connectClient: connectH2Client });
}
