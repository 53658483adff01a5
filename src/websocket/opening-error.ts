import { WebSocketError } from "../protocol/errors.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { ClientDialResult } from "../transport/client-dialing.ts";
import { failureReason } from "./failure-reason.ts";
import { isRedirect } from "./redirect.ts";

/** What the system says within a TLS handshake of a connection that has gone: TLS is not to blame. */
const LossCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]);

/** The error that a WebSocket could not be opened with, and why; what the system or TLS said is its cause. */
export function openingError(result: Exclude<ClientDialResult, { type: "accepted" }>): WebSocketError {
  switch (result.type) {
    case "failed":
      return result.at === "tls" && !LossCodes.has(result.error.code ?? "")
        ? fault("WS_TLS_FAILED", "the TLS handshake failed", result.error)
        : fault("WS_UNREACHABLE", "there is no connection to the server", result.error);
    case "lost":
    case "unprocessed":
      return fault("WS_UNREACHABLE", "the connection was lost before the answer", result.error);
    case "proxy-refused":
      return new WebSocketError("WS_PROXY_REFUSED", `the proxy answers ${result.rejection.status}`, {
        response: result.rejection,
      });
    case "proxy-invalid":
      return new WebSocketError("WS_PROXY_REFUSED", `the proxy breaks a rule: ${result.detail}`);
    case "http2-unavailable":
      return new WebSocketError("WS_HTTP2_UNAVAILABLE", "the server takes no WebSockets over HTTP/2", {
        cause: result.error,
      });
    case "busy":
      return fault("WS_UNREACHABLE", "too many wait for the server", undefined);
    case "timeout":
      return fault("WS_OPENING_TIMEOUT", "it was not open in time", undefined);
    case "refused":
      return refused(result.rejection);
    case "invalid":
      return new WebSocketError("WS_OPENING_INVALID", `the server's answer breaks a rule: ${result.detail}`);
    case "aborted":
      return new WebSocketError("WS_NOT_OPEN", "it was given up", { origin: "caller" });
    default:
      return result satisfies never;
  }
}

function refused(rejection: OpeningRejection): WebSocketError {
  const code = isRedirect(rejection) ? "WS_REDIRECTED" : "WS_OPENING_REFUSED";
  return new WebSocketError(code, `the server answers ${rejection.status}`, { response: rejection });
}

function fault(
  code: "WS_TLS_FAILED" | "WS_UNREACHABLE" | "WS_OPENING_TIMEOUT",
  message: string,
  cause: Error | undefined,
): WebSocketError {
  return new WebSocketError(code, `${message}${failureReason(cause)}`, { origin: "transport", cause });
}
