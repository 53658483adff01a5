import type { ParityGroup } from "./parity-group.ts";

const Machine = "test/protocol/message/connection-machine.test.ts";
const Connection = "test/websocket/connection.test.ts";
const Deadlines = "test/websocket/connection-deadlines.test.ts";

/** One connection, whoever opened it. */
export const ConnectionParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketConnectionTest",
    file: Machine,
    counterparts: [
      ["TextAndBinaryRoundTrip", "go from one machine to the other and back, masked by the client only"],
      ["PingIsAutoPonged", "come out as they were sent, in order, Pongs among fragments"],
      ["CloseHandshake", "ours is answered by the peer's, whatever code that has"],
      ["FeedExtractsMessagesAcrossArbitrarySplits", "where the bytes are cut changes neither events nor answers"],
      ["FeedHandlesControlFramesAndClose", "the peer's Close $name is answered once, by the same code"],
      ["FeedMessagesCarryEachMessagesOwnOpcode", "come out as they were sent, in order, Pongs among fragments"],
    ],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: "test/protocol/message/message.test.ts",
    counterparts: [["FragmentedMessageReassembled", "$name", "a text in three"]],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: Connection,
    counterparts: [
      ["ClientMasksAndServerDoesNot", "masks what it sends, takes what is not masked, and lets the server end first"],
      [
        "HandlerDispatchesEachMessageWithItsOwnOpcode",
        "reach the handler behind onOpen, in order and as what they are",
      ],
      [
        "SendQueuesWithoutBlockingAndDrainsAsThePeerReads",
        "waits while the peer takes nothing, and goes on when it does",
      ],
      [
        "SlowReaderOverflowingTheSendBufferIsDropped",
        "ends a connection whose handler never waits, before memory does",
      ],
    ],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: Deadlines,
    counterparts: [
      ["DrainCloseCompletesWhenPeerAnswers", "the server ends first, and it is over when the peer has ended too"],
      ["DrainCloseReturnsWhenPeerIsGone", "a peer that does not answer our Close is reset after closeMs"],
    ],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: "test/websocket/client-url.test.ts",
    counterparts: [
      [
        "ConnectUrlDerivesHostAndTargetFromUrl",
        "where it leads, and what is asked there: $url",
        "wss://example.com/a?b=c",
      ],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/websocket/client-url.test.ts",
    counterparts: [
      ["ParseUrlDefaultsAndComponents", "where it leads, and what is asked there: $url", "[2001:DB8::1]"],
      ["ParseUrlRejectsBadSchemeAndUrl", "$what", "another scheme"],
    ],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: "test/docs/defaults-table.test.ts",
    counterparts: [["DefaultSendBufferLimitIsBounded", "no default leaves what a peer may take without a bound"]],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: "test/contract/opening.ts",
    counterparts: [["AcceptRunsServerHandshake", "carries bytes both ways behind the answer"]],
  },
  {
    reference: "TWebSocketConnectionTest",
    file: "test/websocket/connection-receive.test.ts",
    counterparts: [["ReceiveReturnsNullAtEof", "with undefined when the WebSocket is over"]],
  },
  {
    reference: "TWebSocketExtensionTest",
    file: "test/websocket/connection-extensions.test.ts",
    counterparts: [["GetExtensionsReturnsConfiguredList", "those agreed on are told by name, in their order"]],
  },
  {
    reference: "TWebSocketExtensionTest",
    file: "test/parity/compiler.test.ts",
    counterparts: [["SetExtensionsRejectsNonExtension", "takes nothing for what it is not"]],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/websocket/server-rules-wire.test.ts",
    counterparts: [
      ["ForeignOriginIsRejectedWith403", "$rule", "refuses an origin that is not on the list"],
      // Who sends no Origin is no browser, and passes a list; a predicate may want one.
      [
        "MissingOriginIsRejectedWhenAllowlistConfigured",
        "$rule",
        "refuses who sends no Origin where the predicate wants one",
      ],
      ["AcceptConnectionNegotiatesExtensionEndToEnd", "$rule", "agrees on an extension that it has"],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: "test/websocket/connection-extensions.test.ts",
    counterparts: [
      [
        "ConnectionCompressesOnTheWireAndDecompresses",
        "keep their order among others, and the Close comes behind them",
      ],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: "test/websocket/server-rules-wire.test.ts",
    counterparts: [["NegotiatorName", "$rule", `"sec-websocket-extensions": "permessage-deflate"`]],
  },
];
