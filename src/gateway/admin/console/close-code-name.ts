import { CloseCode } from "../../../protocol/close-code.ts";

const Names: ReadonlyMap<number, string> = new Map<number, string>([
  [CloseCode.Normal, "normal"],
  [CloseCode.GoingAway, "going away"],
  [CloseCode.ProtocolError, "protocol error"],
  [CloseCode.UnsupportedData, "unsupported data"],
  [CloseCode.NoStatus, "Close without a code"],
  [CloseCode.Abnormal, "no Close"],
  [CloseCode.InvalidPayload, "invalid payload"],
  [CloseCode.PolicyViolation, "policy violation"],
  [CloseCode.MessageTooBig, "message too big"],
  [CloseCode.MandatoryExtension, "extension missing"],
  [CloseCode.InternalError, "internal error"],
  [CloseCode.ServiceRestart, "service restart"],
  [CloseCode.TryAgainLater, "try again later"],
  [CloseCode.BadGateway, "bad gateway"],
  [CloseCode.TlsHandshake, "TLS handshake"],
]);

/** What a close code means, in a few words (RFC 6455 §7.4); `code` is a number, or a range as `4xxx`. */
export function closeCodeName(code: number | string): string {
  const name = Names.get(Number(code));
  if (name !== undefined) return name;
  const [first] = String(code);
  if (first === "4") return "of the application";
  return first === "3" ? "of a library" : "unknown";
}

/** What an operator may close a stream with, and when one would. */
export const OfferedCodes: readonly { readonly code: number; readonly use: string }[] = [
  { code: CloseCode.GoingAway, use: "clients come back at once" },
  { code: CloseCode.PolicyViolation, use: "it does what it may not" },
  { code: CloseCode.ServiceRestart, use: "clients come back after a random delay" },
  { code: CloseCode.TryAgainLater, use: "clients stay away for a while" },
  { code: CloseCode.Normal, use: "its purpose is fulfilled" },
];
