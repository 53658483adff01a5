import { exhaustedLimitOf } from "../../transport/dialer.ts";
import type { RequestResult } from "../telemetry/request-metrics.ts";
import type { LimitKind } from "../telemetry/limit-kind.ts";

/** Why a request is not answered by its upstream, or with its file, and what it is told instead. */
export interface RequestFailure {
  readonly result: RequestResult;
  readonly status: number;
  readonly sentence: string;
  /** The limit that was hit, if one was. */
  readonly limit?: LimitKind;
  /** The code of the error behind it, for the log. */
  readonly detail?: string;
  /** Whether it would be the same at any other address. */
  readonly isFinal?: boolean;
}

/** What a connection says that ended while nobody answered on it. */
const Endings: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

const Unreachable: RequestFailure = {
  result: "upstream_unreachable",
  status: 502,
  sentence: "The upstream cannot be reached.",
};

export const NoAnswerInTime: RequestFailure = {
  result: "upstream_timeout",
  status: 504,
  sentence: "The upstream did not answer in time.",
};

export const InvalidAnswer: RequestFailure = {
  result: "upstream_invalid",
  status: 502,
  sentence: "The upstream's answer is invalid.",
};

export const NoFreeConnection: RequestFailure = {
  result: "limited",
  status: 503,
  sentence: "Too many requests wait for the upstream.",
  limit: "upstream_waiting",
};

const CannotBeSent: RequestFailure = {
  result: "failed",
  status: 400,
  sentence: "The request cannot be passed on.",
  isFinal: true,
};

export const UnreadableFile: RequestFailure = { result: "failed", status: 500, sentence: "The file cannot be read." };

export const Stopping: RequestFailure = { result: "draining", status: 503, sentence: "The gateway is stopping." };

/** What `error` means where this machine has no descriptor, or no port, left; `undefined` where it means something else. */
export function tryShortage(error: Error): RequestFailure | undefined {
  const limit = exhaustedLimitOf(error);
  if (limit === undefined) return undefined;
  // Every connection takes a descriptor, but its port only towards one address.
  const isFinal = limit === "descriptors";
  const sentence = "The gateway is out of resources.";
  return { result: "exhausted", status: 503, sentence, limit, detail: codeOf(error), isFinal };
}

/** What `error` of a request means nothing of which was sent. */
export function connectFailure(error: Error): RequestFailure {
  const code = codeOf(error);
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return CannotBeSent;
  if (code === "ETIMEDOUT") return { ...NoAnswerInTime, detail: code };
  return tryShortage(error) ?? { ...Unreachable, detail: code };
}

/** What `error` of a request means that was sent, in part at least, and has no answer. */
export function answerFailure(error: Error): RequestFailure {
  const detail = codeOf(error);
  return detail === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH" ? CannotBeSent : { ...InvalidAnswer, detail };
}

/** Whether `error` tells that the connection ended, and not what was wrong with an answer. */
export function isConnectionEnd(error: Error): boolean {
  return Endings.has(codeOf(error));
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
