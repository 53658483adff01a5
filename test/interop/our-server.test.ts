import { describeLink } from "./describe-link.ts";
import { ownClient, OwnServer, OwnTlsServer } from "./own-ends.ts";
import { pythonLibrary } from "./python-ends.ts";
import { NodeClient, ownStandardClient, undiciClient } from "./standard-ends.ts";
import { WsClient, WsOverHttp2Client } from "./ws-ends.ts";

// Over HTTP/1.1 and HTTP/2, with TLS and without; what is no row here, the client cannot do.
describeLink(WsClient, OwnServer);
describeLink(WsClient, OwnTlsServer);
describeLink(WsOverHttp2Client, OwnServer);
describeLink(WsOverHttp2Client, OwnTlsServer);
describeLink(NodeClient, OwnServer);
describeLink(undiciClient("h1"), OwnTlsServer);
describeLink(undiciClient("h2"), OwnTlsServer);
describeLink(pythonLibrary("websockets").client, OwnServer);
describeLink(pythonLibrary("websockets").client, OwnTlsServer);
describeLink(pythonLibrary("wsproto").client, OwnServer);
describeLink(pythonLibrary("wsproto").client, OwnTlsServer);
describeLink(ownClient("h1"), OwnServer);
describeLink(ownClient("h1"), OwnTlsServer);
describeLink(ownClient("h2"), OwnServer);
describeLink(ownClient("h2"), OwnTlsServer);
describeLink(ownClient("auto"), OwnTlsServer);
describeLink(ownStandardClient("h1"), OwnTlsServer);
describeLink(ownStandardClient("h2"), OwnTlsServer);
