import type { ParityGroup } from "./parity-group.ts";

const Machine = "test/protocol/message/connection-machine.test.ts";
const Codec = "test/protocol/frame/frame-codec.test.ts";
const Rules = "test/protocol/frame/frame-rules.test.ts";
const Frame = "test/protocol/frame/frame.test.ts";
const BrokenRule = "($name) is answered by Close $code, behind what came before it";
const PeersClose = "the peer's Close $name is answered once, by the same code";

/** Frames, codes and rules. */
export const FrameParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketFrameCodecTest",
    file: Codec,
    counterparts: [
      ["TryDecodeRejectsOversizedFrameFromHeaderAloneBeforeBuffering", "$name", "too long"],
      ["TextFrameRoundTrip", "$name is read", "an unmasked text"],
      ["MaskedClientFrameRoundTrip", "$name is read", "a masked text"],
      ["Extended16BitLength", "$name is read", "256 bytes"],
      ["Extended64BitLength", "$name is read", "64 KiB"],
      ["ControlFrameTooLongThrows", "does not write $name", "a Ping of 126 bytes"],
      ["FragmentedControlFrameThrows", "does not write $name", "a fragmented Ping"],
      ["TryDecodeReturnsNullUntilComplete", "$name: no shorter prefix is a frame"],
    ],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: Machine,
    counterparts: [
      ["DecodeRejectsDeclaredLengthOverTheMaximum", BrokenRule, "size, by the header alone"],
      ["DecodeReturnsNullAtCleanEof", "the transport's end after the peer's Close changes nothing"],
      ["DecodeThrowsOnTruncatedFrame", "the transport's end while $name is not clean", "open, by the peer"],
    ],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: Rules,
    counterparts: [["TryDecodeThrowsOnOversizedControl", "$rule: $picture", "1 000 1010  0 1111110 00000000 01111110"]],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: Frame,
    counterparts: [["CloseFrameCarriesCodeAndReason", "reads $name", "a code and a reason"]],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: "test/protocol/frame/frame-header.test.ts",
    counterparts: [["RsvBitsDoNotCorruptTheOpcode", "$name: is read", "RSV2 and RSV3"]],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: "test/protocol/frame/frame-scanner.test.ts",
    counterparts: [
      [
        "TryDecodeMaskedExtendedLengthStopsAtBoundary",
        "at every prefix it knows where it stands",
        "82 fe 0080 01020304",
      ],
    ],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: "test/protocol/frame/message-meter.test.ts",
    counterparts: [["ZeroMaximumIsUnlimited", "there is no meter: $limits"]],
  },
  {
    reference: "TWebSocketFrameCodecTest",
    file: "test/protocol/message/message.test.ts",
    counterparts: [["FragmentedMessageSequence", "$name", "bytes in two"]],
  },
  {
    reference: "TWebSocketEnumsTest",
    file: "test/protocol/close-code.test.ts",
    counterparts: [
      [
        "IsSendableExcludesReservedCloseCodes",
        "$first to $last may be sent: $sendable ($why)",
        "reserved, or for reporting only",
      ],
      ["CloseCodeIsSendable", "$first to $last may be sent: $sendable ($why)", "libraries and applications"],
    ],
  },
  {
    reference: "TWebSocketEnumsTest",
    file: "test/protocol/frame/opcode.test.ts",
    counterparts: [
      ["OpcodeValues", "the opcodes are those of RFC 6455 §5.2", "Continuation: 0"],
      ["IsControl", "the opcodes are those of RFC 6455 §5.2", "isControl"],
    ],
  },
];

/** What is refused of what a peer sends. */
export const ValidationParity: readonly ParityGroup[] = [
  {
    reference: "TWebSocketProtocolValidationTest",
    file: Machine,
    counterparts: [
      ["ServerRejectsUnmaskedClientFrame", BrokenRule, `name: "mask"`],
      ["ClientRejectsMaskedServerFrame", "a server that masks is refused by a client"],
      ["OversizedFrameIsRejectedFromHeaderBeforeBuffering", BrokenRule, "size, by the header alone"],
      ["ReservedBitIsRejected", BrokenRule, `name: "RSV bit"`],
      ["ContinuationWithoutStartIsRejected", BrokenRule, `name: "order"`],
      ["InvalidUtf8TextIsRejected", BrokenRule, `name: "text", wire: notText`],
      ["InvalidIncomingCloseCodeIsRejected", BrokenRule, `name: "Close code"`],
      ["OneByteCloseFrameIsRejected", BrokenRule, `name: "Close payload"`],
      ["EmptyCloseFrameIsAccepted", PeersClose, "without a code"],
      ["MessageSizeLimitIsEnforced", "fragments are counted and measured together"],
      ["DataSendIsSuppressedAfterClose", "after ours, messages and Pings are dropped and nothing is sent"],
    ],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: Rules,
    counterparts: [
      ["UndefinedDataOpcodeIsRejected", "$rule: $picture", "1 000 0011  0 0000000"],
      ["UndefinedControlOpcodeIsRejected", "$rule: $picture", "1 000 1011  0 0000000"],
      ["NewDataFrameDuringFragmentationIsRejected", "$rule: $picture", "WS_CONTINUATION_MISSING"],
      // There is no such switch here: what a client sends is masked, over either HTTP version.
      ["DisablingMaskValidationAcceptsUnmaskedFrames", "$rule: $picture", "WS_MASK_MISSING"],
    ],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: Frame,
    counterparts: [
      ["CloseReasonInvalidUtf8IsRejected", "refuses $name", "a broken reason"],
      ["IsValidIncomingCloseCode", "refuses $name", "code 1006"],
    ],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: "test/protocol/message/utf8.test.ts",
    counterparts: [["ValidMultibyteUtf8RoundTrips", "takes $name", "four bytes, first and last"]],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: "test/protocol/message/message.test.ts",
    counterparts: [
      ["InvalidUtf8AcrossFragmentsIsRejected", "is refused in the fragment with the bad byte, not at the end"],
    ],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: "test/protocol/frame/opcode.test.ts",
    counterparts: [["OpcodeIsDefined", "the opcodes are those of RFC 6455 §5.2", "isOpcode"]],
  },
  {
    reference: "TWebSocketProtocolValidationTest",
    file: "test/docs/defaults-table.test.ts",
    counterparts: [["DefaultMaxMessageSizeIsBounded", "no default leaves what a peer may take without a bound"]],
  },
];
