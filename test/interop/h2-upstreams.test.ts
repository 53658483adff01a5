import { describeLink } from "./describe-link.ts";
import { GatewayTlsServer } from "./gateway-ends.ts";
import { HaproxyServer, NghttpxServer, overHttp2 } from "./h2-upstream-ends.ts";
import { WsClient, WsOverHttp2Server } from "./ws-ends.ts";

// What the gateway reaches over HTTP/2 as a client: node:http2, itself, and two proxies of other makes.
for (const engine of ["node", "hawser"] as const) {
  for (const server of [WsOverHttp2Server, GatewayTlsServer, HaproxyServer, NghttpxServer]) {
    describeLink(WsClient, overHttp2(server, engine));
  }
}
