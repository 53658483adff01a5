import type { ParityGroup } from "./parity-group.ts";

const Rules = "test/websocket/server-rules-wire.test.ts";
const Connections = "test/websocket/server-connections-wire.test.ts";
const Limits = "test/websocket/server-limits-wire.test.ts";

/** Servers, on their own port and in a server of node's: each of these tests runs over HTTP/1.1 and HTTP/2. */
export const ServerParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketServerTest",
    file: Connections,
    counterparts: [
      ["BindReturnsWebSocketServer", "is told open, message and close, in this order"],
      ["ServeConnectionHandshakesAndDispatchesToService", "is told open, message and close, in this order"],
      ["ThrowingOnOpenRollsBackClusterRegistration", "that fails has given its place back"],
      ["ServeOnceEventLoopDispatchesLifecycle", "is handed to for await, each once, and to one loop of several"],
      ["Http2OutOfBandSendReachesTheClientWithoutAnInboundFrame", "sends without having got anything"],
    ],
  },
  {
    reference: "TWebSocketServerTest",
    file: Rules,
    counterparts: [
      ["ServeConnectionClosesOnBadHandshake", "$rule", "refuses a doubled subprotocol"],
      ["OriginConfigurationParsesStringAndArray", "$rule", "takes an origin that a pattern of the list fits"],
      ["ForeignOriginIsRejectedByServer", "$rule", "refuses any other origin as long as nothing else is said"],
      ["ServeConnectionEnforcesTheOriginAllowlist", "$rule", "refuses an origin that is not on the list"],
      ["ForeignHostIsRejectedByServer", "$rule", "refuses a host that is not on the list"],
    ],
  },
  {
    reference: "TWebSocketServerTest",
    file: Limits,
    counterparts: [
      [
        "MaxConnectionsShedsExcessLoadWith503",
        "as many WebSockets may be open as the limit $limit says",
        "maxConnections: 1",
      ],
    ],
  },
  {
    reference: "TWebSocketServerTest",
    file: "test/transport/h2-client-pool.test.ts",
    // Clients and servers of one process need nobody who turns between them.
    counterparts: [
      [
        "AddClientConnectionIsMultiplexedInServeLoop",
        "WebSockets that are opened at once share one connection, and those behind them too",
      ],
    ],
  },
  {
    reference: "TWebSocketServerTest",
    file: "test/parity/compiler.test.ts",
    counterparts: [["SetExtensionsRejectsNonNegotiator", "takes nothing for what it is not"]],
  },
  {
    reference: "TWebSocketServerTest",
    file: "test/transport/listener.test.ts",
    counterparts: [
      ["DefaultProtocolIsHttp1AndIsSettable", "closes what it does not speak: $bytes where it speaks $protocols"],
      // HTTP/2 is no optional dependency here: it is always there.
      ["IsHttp2AvailableReflectsTheOptionalDependency", "speaks both versions on one port at once"],
      ["ServeOnceAutoSelectsHttp2", "speaks both versions on one port at once"],
    ],
  },
  {
    reference: "TWebSocketServerTest",
    file: "test/contract/h2-engine-streams.ts",
    counterparts: [["ProtocolStackIsTheSeam", "holds a client back that is not read, and not its sibling"]],
  },
  {
    reference: "TWebSocketEndpointTest",
    file: Connections,
    counterparts: [
      [
        "CustomEndpointIsMatchedAuthenticatedAndAccepted",
        "takes what its path fits, the first one first: $path is $name",
      ],
      ["ANonMatchingPathFallsThroughToTheClientPath", "keeps the server's rules where it has none of its own"],
      // There is no backplane yet: an endpoint is an entry of a list, and so is whatever else has a path.
      ["MeshBackplaneIsExposedAsAnEndpoint", "leaves what no path fits to 404 where the server has no handler"],
      ["AddedEndpointsPrecedeTheBackplane", "takes what its path fits, the first one first: $path is $name"],
    ],
  },
  {
    reference: "TWebSocketEndpointTest",
    file: Rules,
    counterparts: [["CustomEndpointRejectsWhenAuthenticationFails", "$rule", "refuses with 401 and its challenge"]],
  },
  {
    reference: "TWebSocketEndpointTest",
    file: "test/parity/compiler.test.ts",
    counterparts: [["SetEndpointsRejectsANonEndpoint", "takes nothing for what it is not"]],
  },
  {
    reference: "THttp2WebSocketProtocolTest",
    file: Connections,
    counterparts: [
      ["WebSocketOverHttp2RoundTrip", "is told open, message and close, in this order"],
      [
        "ProtocolErrorClosesStreamAndFiresOnCloseWithoutLeaking",
        "is closed with $code for $fault, told as a failure, and its neighbour lives on",
        "a frame without a mask",
      ],
    ],
  },
  {
    reference: "THttp2WebSocketProtocolTest",
    file: Rules,
    counterparts: [
      ["ForeignOriginIsRejectedOverHttp2", "$rule", "refuses any other origin as long as nothing else is said"],
      ["AllowedOriginOpensOverHttp2", "$rule", "takes an origin of the list, in any case"],
      ["ForeignAuthorityIsRejectedOverHttp2", "$rule", "refuses a host that is not on the list"],
    ],
  },
  {
    reference: "THttp2WebSocketProtocolTest",
    file: "test/websocket/server-close-wire.test.ts",
    counterparts: [
      ["ShutdownFiresOnCloseForLiveConnections", "sends each connection 1001, and resolves when all have answered"],
    ],
  },
  {
    reference: "TWebSocketServiceTest",
    file: Connections,
    counterparts: [
      ["HandleConnectionRaisesOpenMessageClose", "is told open, message and close, in this order"],
      // Also on servers of node:http and node:http2 that others run.
      ["RunHandlesInjectedConnection", "gets the frames that came on the heels of its request"],
      [
        "ProtocolErrorRaisesErrorAndCloses",
        "is closed with $code for $fault, told as a failure, and its neighbour lives on",
        "text that is not UTF-8",
      ],
    ],
  },
  {
    reference: "TWebSocketServiceTest",
    file: "test/websocket/server-listen-wire.test.ts",
    // Without a WebSocket to serve there is a request, and it gets an answer.
    counterparts: [["RunWithoutConnectionIsNoOp", "by $method is told that there are only WebSockets"]],
  },
];
