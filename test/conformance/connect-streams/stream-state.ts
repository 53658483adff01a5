import { Flag, FrameType, H2Code, rawFrame, uint32 } from "../../support/raw-h2.ts";
import { receivedBytes, Subject, type Scene } from "./scene.ts";

/** The states of RFC 9113 §5.1 in which an accepted stream can be, as the server sees them, and how it came there. */
export type StreamState =
  | "open"
  | "half-closed (remote)"
  | "half-closed (local)"
  | "closed by both ends"
  | "closed by the client's reset"
  | "closed by the server's reset";

/** Brings the subject into `state`. */
export async function bringTo(state: StreamState, scene: Scene): Promise<void> {
  const { client, stream, near } = scene;
  const endOfClient = async (): Promise<void> => {
    client.send(rawFrame(FrameType.Data, Flag.EndStream, Subject));
    await near.until("the client's end", () => near.ends === 1);
  };
  const endOfServer = async (): Promise<void> => {
    stream.end();
    await client.until("the server's end", () => client.framesOf(FrameType.Data, Subject).some(isLast));
  };
  switch (state) {
    case "open":
      return;
    case "half-closed (remote)":
      return endOfClient();
    case "half-closed (local)":
      return endOfServer();
    case "closed by both ends":
      await endOfClient();
      await endOfServer();
      return near.until("the end", () => near.ending !== undefined);
    case "closed by the client's reset":
      client.send(rawFrame(FrameType.RstStream, Flag.None, Subject, uint32(H2Code.Cancel)));
      return near.until("the end", () => near.ending !== undefined);
    default:
      stream.abort("cancel");
      await client.resetCode(Subject);
      return near.until("the end", () => near.ending !== undefined);
  }
}

const isLast = ({ flags }: { readonly flags: number }): boolean => (flags & Flag.EndStream) !== 0;

/** Shows that the subject still does what one in `state` can do. @throws Error where it does not. */
export async function showItGoesOn(state: StreamState, { client, stream, near }: Scene): Promise<void> {
  const before = receivedBytes(client, Subject).length;
  const text = Buffer.from("on");
  const data = rawFrame(FrameType.Data, Flag.None, Subject, text);
  const arrive = (): Promise<void> =>
    client.until("bytes of the server", () => receivedBytes(client, Subject).length === before + text.length);
  switch (state) {
    case "open":
      client.send(data);
      return arrive();
    case "half-closed (remote)":
      stream.write(text, 0, text.length, "kept");
      return arrive();
    case "half-closed (local)": {
      const receivedBefore = near.receivedBytes;
      client.send(data);
      return near.until("bytes of the client", () => near.receivedBytes === receivedBefore + text.length);
    }
    default:
      return;
  }
}
