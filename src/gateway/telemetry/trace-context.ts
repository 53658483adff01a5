/** What a `traceparent` field says (W3C Trace Context §3.2): which trace a request belongs to, and to which span of it. */
export interface TraceParent {
  /** 32 hexadecimal digits, in lower case, not all of them 0. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** A version, an id, an id, flags; versions to come may have more behind a further dash. */
const Form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const Zeros = /^0+$/;
const SampledFlag = 0x01;

/** What `value` says, or `undefined` where it is no `traceparent` that one may go on from. */
export function tryParseTraceparent(value: string): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] = Form.exec(value) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (Zeros.test(traceId) || Zeros.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SampledFlag) !== 0 };
}

/** The value of the field. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}
