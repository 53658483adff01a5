// The package's door: what hawser is built from, floors 1 to 3. Nothing of the gateway is loaded by it.

import "./require-node.ts";

export { CloseCode, isSendable } from "./protocol/close-code.ts";
export { errorCatalogue, WebSocketError, type ErrorCode } from "./protocol/errors.ts";

export { isControl, isOpcode, Opcode } from "./protocol/frame/opcode.ts";
export { applyMask, createMaskKey } from "./protocol/frame/mask.ts";
export { encodeFrameHeader, parseFrameHeader, type FrameHeader } from "./protocol/frame/frame-header.ts";
export { brokenRule, type FrameRules } from "./protocol/frame/frame-rules.ts";
export {
  binaryFrame,
  closeFrame,
  parseClosePayload,
  pingFrame,
  pongFrame,
  textFrame,
  type Frame,
} from "./protocol/frame/frame.ts";
export { encodeFrame, tryDecodeFrame } from "./protocol/frame/frame-codec.ts";
export { FrameDecoder, type ReceivedHeader } from "./protocol/frame/frame-decoder.ts";
export { FrameScanner } from "./protocol/frame/frame-scanner.ts";
export { Traffic } from "./protocol/frame/traffic.ts";

export {
  ConnectionMachine,
  type Closing,
  type ConnectionEvent,
  type ConnectionMachineOptions,
} from "./protocol/message/connection-machine.ts";

export type {
  AcceptedExtension,
  Extension,
  ExtensionNegotiator,
  ExtensionParameters,
  SendOptions,
} from "./protocol/message/extension.ts";
export {
  PermessageDeflateNegotiator,
  type PermessageDeflateOptions,
} from "./protocol/message/permessage-deflate-negotiator.ts";
export {
  acceptExtensions,
  confirmExtensions,
  offerExtensions,
  type AgreedExtensions,
} from "./protocol/handshake/extension-negotiation.ts";

export type {
  FieldLines,
  OpeningAnswer,
  OpeningRejection,
  OpeningRequest,
} from "./protocol/handshake/opening-request.ts";

export type { AbortReason, ByteConsumer, ByteStream, BytesLifetime, StreamEnding } from "./transport/byte-stream.ts";
export { createMemoryPair, type MemoryByteStream, type MemoryPairOptions } from "./transport/memory-byte-stream.ts";
export { duplexOf } from "./transport/duplex-adapter.ts";
export type {
  AcceptorSink,
  ClientCertificate,
  ConnectionFacts,
  HttpExchange,
  Opening,
  OpeningGone,
  ResponseBody,
  TlsFacts,
  TransportRefusal,
} from "./transport/opening.ts";
export { Listener, type ListenerOptions } from "./transport/listener.ts";
export type { ConnectionAbuse } from "./transport/connection-abuse.ts";
export type { ConnectionFailure, ListenerObserver } from "./transport/listener-observer.ts";
export { ConnectionGate, type ConnectionLimits } from "./transport/connection-gate.ts";
export type { TlsOptions } from "./transport/tls.ts";
export type { AlpnProtocol, ServerCertificate, TlsIdentity } from "./transport/tls-server.ts";
export type { ClientCertificateRule } from "./transport/client-certificate.ts";
export type { H2Options } from "./transport/h2-acceptor.ts";
export type { AcceptorDeadlines, HeaderLimits } from "./transport/transport-limits.ts";
export { trySecure, type Secure, type UpstreamAddress, type UpstreamTls } from "./transport/upstream-address.ts";
export type { DialTarget } from "./transport/upstream-connecting.ts";
export { dial, type DialOptions, type DialRequest, type DialResult } from "./transport/dialer.ts";

export type { OriginPredicate } from "./protocol/handshake/access.ts";
export type { NodeServer } from "./transport/attached-acceptor.ts";

export type { HandledConnection, IncomingMessage, WaitOptions, WebSocketHandler } from "./websocket/handler.ts";
export { WebSocketRequest, type Peer } from "./websocket/request.ts";
export { WebSocketConnection } from "./websocket/connection.ts";
export {
  DefaultConnectionOptions,
  type ConnectionOptions,
  type WebSocketConnectionOptions,
} from "./websocket/connection-options.ts";
export type { ConnectionEnding, ConnectionLimit, DrainCause } from "./websocket/connection-ending.ts";
export { WebSocketServer } from "./websocket/server.ts";
export type {
  AttachOptions,
  PathListening,
  ServerCloseOptions,
  TcpListening,
} from "./websocket/server-call-options.ts";
export {
  DefaultServerOptions,
  endpoint,
  type AcceptedOpening,
  type AcceptedWithoutData,
  type Authorization,
  type Authorize,
  type Endpoint,
  type NeedsAuthorize,
  type OpeningRules,
  type PathRule,
  type RejectedOpening,
  type ServerRules,
  type ServerTls,
  type SubprotocolSelector,
  type WebSocketServerOptions,
} from "./websocket/server-options.ts";
export type { Rate } from "./websocket/opening-rate.ts";
export { connect, WebSocketClient } from "./websocket/client.ts";
export type { ClientTls, ConnectOptions } from "./websocket/connect-options.ts";
export type { Pem } from "./websocket/pem.ts";
export {
  isWorthRetrying,
  reconnecting,
  type ReconnectOptions,
  type ReconnectReason,
} from "./websocket/reconnecting.ts";
export {
  WebSocket,
  type WebSocketErrorEvent,
  type WebSocketEvents,
  type WebSocketOpener,
  type WebSocketOptions,
} from "./websocket/web-socket.ts";
