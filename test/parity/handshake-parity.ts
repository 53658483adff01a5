import type { ParityGroup } from "./parity-group.ts";

const Upgrade = "test/protocol/handshake/upgrade.test.ts";
const Negotiation = "test/protocol/handshake/extension-negotiation.test.ts";
const RefusesUpgrade = "refuses $name with $status";

/** Opening handshakes, and what is agreed on in them. */
export const HandshakeParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketHandshakeTest",
    file: Upgrade,
    counterparts: [
      ["AcceptKeyMatchesRfcVector", "a key is answered as in RFC 6455 §1.3"],
      ["GenerateKeyIs16Base64Bytes", "a key is 16 bytes in base64, another one each time"],
      ["ParseRequest", "reads the client's half into one shape, with field names in lower case"],
      ["IsUpgradeRequest", "takes $name", "Upgrade as a list"],
      [
        "BuildServerResponse",
        "writes the 101 with what was agreed and without what belongs to the handshake or the hop",
      ],
      ["BuildClientRequestAndVerify", "is an Upgrade that parseUpgrade reads back"],
      ["AcceptConnectionRejectsNonUpgrade", RefusesUpgrade, "no Upgrade"],
    ],
  },
  {
    reference: "TWebSocketHandshakeTest",
    file: "test/transport/response-head.test.ts",
    counterparts: [["ParseResponse", "$what, and stops behind the head"]],
  },
  {
    reference: "TWebSocketHandshakeTest",
    file: "test/contract/opening.ts",
    counterparts: [
      ["AcceptConnectionWritesResponse", "sends the answer it is given, without what belongs to a connection"],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: Upgrade,
    counterparts: [
      ["NonGetIsRejectedWith400", RefusesUpgrade, `name: "POST"`],
      ["MissingHostIsRejectedWith400", RefusesUpgrade, `name: "no Host"`],
      ["Http10IsRejectedWith400", RefusesUpgrade, `name: "HTTP/1.0"`],
      ["MalformedKeyIsRejectedWith400", RefusesUpgrade, "15 bytes of key"],
      ["WrongVersionIsRejectedWith426", RefusesUpgrade, `name: "version 8"`],
      ["HttpVersionPredicate", "takes $name", "a later HTTP/1"],
      ["ClientWritesSubprotocolOffer", "is an Upgrade that parseUpgrade reads back"],
      ["ClientReadsSelectedSubprotocol", "takes what was offered and keeps what is meant for the client"],
      ["VerifyServerResponseRequiresUpgradeAndConnectionHeaders", "refuses $name", `name: "no Connection"`],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/contract/opening.ts",
    counterparts: [["ValidUpgradeReturns101", "carries bytes both ways behind the answer"]],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/protocol/handshake/access.test.ts",
    counterparts: [
      ["OriginAllowedWhenInAllowlist", "$origin: $pass", "https://app.example.com"],
      // The default is the same origin, so that no list at all lets no other site in; `any` does.
      ["AnyOriginAllowedWithoutAllowlist", "an origin that is $what passes under `any` alone"],
      ["HostAuthorityAllowlist", "$host is one of the hosts: $has"],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/protocol/handshake/negotiation.test.ts",
    counterparts: [
      [
        "SubprotocolNegotiationSelectsServerPreference",
        "of $spoken and $offered the subprotocol is $chosen",
        `offered: ["a", "b"], chosen: "b"`,
      ],
      [
        "SubprotocolNegotiationNoMatchSelectsNone",
        "of $spoken and $offered the subprotocol is $chosen",
        "offered: [], chosen: undefined",
      ],
      [
        "NoSubprotocolsConfiguredSelectsNone",
        "of $spoken and $offered the subprotocol is $chosen",
        `spoken: [], offered: ["a"]`,
      ],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: "test/protocol/handshake/field-values.test.ts",
    counterparts: [
      ["ParseExtensionHeader", "$value has the members $members", "foo; a=1; b"],
      ["ParseExtensionHeaderRespectsQuotedDelimiters", "$value has the members $members", "a,b;c"],
      ["ParseExtensionHeaderUnescapesQuotedPairs", "$value has the members $members", "quoted pair"],
    ],
  },
  {
    reference: "TWebSocketNegotiationTest",
    file: Negotiation,
    counterparts: [
      ["RepeatedExtensionKeepsEachOfferInOrder", "$name", "the first offer that it accepts"],
      ["FormatExtension", "offers each of its sets, best first"],
      ["NegotiateExtensionsAcceptsAndEchoes", "$name", "what it accepts, with its parameters"],
      ["NegotiateExtensionsSkipsUnofferedAndDeclined", "$name", "nothing to what it does not know"],
      ["NegotiateExtensionsSkipsRsvConflict", "$name", "one owner of an RSV bit only"],
      ["OfferExtensions", "offers each of its sets, best first"],
      ["ResolveExtensions", "takes $answered, in the server's order"],
      ["ResolveExtensionsRejectsUnofferedExtension", "fails with 1010 on $name", "what nobody offered"],
      ["ResolveExtensionsRejectsUnacceptableParameters", "fails with 1010 on $name", "parameters that fit no offer"],
    ],
  },
];
