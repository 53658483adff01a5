import { describeLink } from "./describe-link.ts";
import { GatewayServer } from "./gateway-ends.ts";
import { ownClient } from "./own-ends.ts";
import { pythonLibrary } from "./python-ends.ts";
import { ownStandardClient } from "./standard-ends.ts";
import { WsOverHttp2Server, WsServer } from "./ws-ends.ts";

// Over the HTTP version that the server speaks; hawser before `ws` speaks both.
for (const protocol of ["h1", "auto"] as const) {
  describeLink(ownClient(protocol), WsServer);
  describeLink(ownClient(protocol), pythonLibrary("websockets").server);
  describeLink(ownClient(protocol), pythonLibrary("wsproto").server);
}
for (const protocol of ["h2", "auto"] as const) describeLink(ownClient(protocol), WsOverHttp2Server);
for (const protocol of ["h1", "h2", "auto"] as const) describeLink(ownClient(protocol), GatewayServer);
describeLink(ownStandardClient("h1"), WsServer);
describeLink(ownStandardClient("h2"), WsOverHttp2Server);
describeLink(ownStandardClient("h2"), GatewayServer);
