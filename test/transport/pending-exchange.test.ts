import { describeExchange } from "../contract/exchange.ts";
import { connectH1Exchange, connectH2Exchange } from "../support/exchange-client.ts";

for (const access of ["TLS", "cleartext"] as const) {
  describeExchange(`HTTP/1.1 over ${access}`, { access, httpVersion: "1.1", connectClient: connectH1Exchange });
  describeExchange(`HTTP/2 over ${access}`, { access, httpVersion: "2", connectClient: connectH2Exchange });
}
