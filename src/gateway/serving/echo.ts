import type { WebSocketHandler } from "../../websocket/handler.ts";

/** The built-in handler `echo`: each message goes back as it came, text as text and binary as binary. */
export const echo: WebSocketHandler = {
  async onMessage(connection, message) {
    await connection.send(message);
  },
};
