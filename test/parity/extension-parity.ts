import type { ParityGroup } from "./parity-group.ts";

const Compressing = "test/protocol/message/connection-extensions.test.ts";
const Deflate = "test/protocol/message/permessage-deflate.test.ts";
const Negotiator = "test/protocol/message/permessage-deflate-negotiator.test.ts";
const Negotiation = "test/protocol/handshake/extension-negotiation.test.ts";
const Agreed = "test/laws/agreed-deflate.test.ts";
const AnyAgreement = "whatever two endpoints want of permessage-deflate, they agree, and what one says the other hears";

/** Extensions, and permessage-deflate. */
export const ExtensionParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketExtensionTest",
    file: Deflate,
    counterparts: [
      [
        "SingleExtensionRoundTripsAndSetsRsv1",
        "keeps the bits that are somebody else's, and has the own bit set and cleared",
      ],
      [
        "UntransformedMessageFromPeerPassesThrough",
        "that the peer left as it is passes through, and is no part of the context",
      ],
    ],
  },
  {
    reference: "TWebSocketExtensionTest",
    file: "test/protocol/message/extension.test.ts",
    counterparts: [
      ["OrderedPipelineEncodesForwardDecodesReverse", "runs forward on the way out and backward on the way in"],
    ],
  },
  {
    reference: "TWebSocketExtensionTest",
    file: Compressing,
    counterparts: [
      ["ReservedBitAllowedOnFirstFrameRejectedOnContinuation", "$name", "on RSV1 of a continuation"],
      ["UnreservedBitIsRejected", "$name", "on RSV2, which nobody owns"],
      ["SetExtensionsRejectsRsvConflict", "two owners of an RSV bit make no machine"],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: Deflate,
    counterparts: [
      ["NameAndReservedRsv", "keeps the bits that are somebody else's, and has the own bit set and cleared"],
      ["ContextTakeoverShrinksARepeatedMessage", "shrinks what was said before; without it each message stands alone"],
      [
        "MultipleDistinctMessagesRoundTripInOrder",
        "comes back as it was, whatever the parameters, the order and the sizes",
      ],
      [
        "NoContextTakeoverMakesEachMessageIndependent",
        "shrinks what was said before; without it each message stands alone",
      ],
      ["EmptyMessageRoundTrips", "a compressed message of no bytes is an empty one"],
      ["BinaryPayloadRoundTrips", "comes back as it was, whatever the parameters, the order and the sizes"],
      [
        "DecodePassesThroughAnUncompressedMessage",
        "that the peer left as it is passes through, and is no part of the context",
      ],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: "test/protocol/message/raw-deflate.test.ts",
    counterparts: [
      ["DecompressionBombIsBoundedByMaxOutputLength", "and a bomb is put out before it costs memory"],
      ["BoundedDecodeStillPassesMessagesUnderTheLimit", "exactly the bound does, one byte more is 1009"],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: Compressing,
    counterparts: [
      ["ConnectionPropagatesMaxMessageSizeToTheDeflateExtension", "$name", "on more than may come out"],
      [
        "EncodeSetsRsv1AndCompresses",
        "is sent as one frame with RSV1; what is small, or not to be compressed, without",
      ],
      ["RoundTripBetweenTwoEndpoints", "goes through two machines and any cutting"],
      ["CorruptCompressedDataThrowsWithInvalidPayloadCloseCode", "$name", "on what is not DEFLATE"],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: Negotiator,
    counterparts: [
      // A number out of its range is refused here, not clamped.
      ["WindowBitsAreClampedToTheRawDeflateRange", "$options is out of range", "serverMaxWindowBits: 7"],
      ["ServerAcceptsADefaultOffer", "takes $offers and answers $answer", `{ offers: "x", answer: "" }`],
      [
        "ServerHonorsAClientRequestedServerNoContextTakeover",
        "takes $offers and answers $answer",
        "x; server_no_context_takeover",
      ],
      [
        "ServerHonorsAClientNoContextTakeoverDeclaration",
        "takes $offers and answers $answer",
        "x; client_no_context_takeover",
      ],
      ["ServerPolicyCanImposeContextTakeoverLimits", "insists on $name", `name: "no takeover"`],
      ["ServerHonorsServerMaxWindowBits", "takes $offers and answers $answer", "x; server_max_window_bits=8"],
      [
        "ServerSkipsAnOfferDemandingAnUnsupportedWindowAndTakesTheFallback",
        "takes the first offer that it can",
        "server_max_window_bits=7",
      ],
      ["ClientOffersPlainByDefault", "offers $offer", "{ options: {}, offer:"],
      ["ClientOffersConfiguredParameters", "offers $offer", "serverMaxWindowBits: 10 },"],
      [
        "ClientFromResponseBuildsTheConfiguredExtension",
        "with $options finds that $answer fits: $fits",
        "x; server_max_window_bits=8; client_max_window_bits=8",
      ],
      [
        "ClientFromResponseRejectsAnOutOfRangeWindow",
        "with $options finds that $answer fits: $fits",
        "x; client_max_window_bits=7",
      ],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: Agreed,
    counterparts: [
      ["NoContextTakeoverDecodeMatchesNoContextTakeoverEncode", AnyAgreement, "serverNoContextTakeover"],
      ["HandshakeNegotiatesAndTheExtensionRoundTrips", AnyAgreement],
    ],
  },
  {
    reference: "TPermessageDeflateTest",
    file: Negotiation,
    counterparts: [
      [
        "ClientOfferIsServedThroughOfferExtensions",
        "both sides of permessage-deflate agree, and nobody confirms what a server may not answer",
      ],
    ],
  },
];
