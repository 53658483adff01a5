import { STATUS_CODES } from "node:http";
import { encodeFieldLines, fieldValues, withoutLength } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { contentBytes, contentLengthLine } from "./response-content.ts";

/**
 * A whole HTTP/1.1 response behind which the connection closes (RFC 9112 §9.6), for requests that node:http has let go of
 * or did not understand.
 *
 * @throws TypeError for an invalid field line.
 */
export function encodeLastResponse({ status, fields, body }: OpeningRejection): Buffer {
  const content = contentBytes(body);
  // 426 names the protocol in Upgrade, and who sends Upgrade names that in Connection (RFC 9110 §7.8).
  const connection = fieldValues(fields, "upgrade").length > 0 ? "close, Upgrade" : "close";
  const head =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n` +
    encodeFieldLines(["Date", new Date().toUTCString(), "Connection", connection, ...withoutLength(fields)]) +
    `${encodeFieldLines(contentLengthLine(status, content))}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), content]);
}
