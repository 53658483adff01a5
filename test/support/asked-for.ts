import { WebSocketRequest } from "../../src/websocket/request.ts";

/** The opening handshake of a WebSocket for `path` of a test. */
export function askedFor(path = "/"): WebSocketRequest {
  const request = {
    httpVersion: "1.1",
    scheme: "http",
    authority: "a.test",
    path,
    subprotocols: [],
    extensions: "",
    fields: [],
  } as const;
  return new WebSocketRequest(request, { address: "192.0.2.1", port: 50_000, tls: undefined }, undefined);
}
