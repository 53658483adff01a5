import type { SeenFrame } from "../../protocol/frame/frame-tap.ts";
import { Opcode } from "../../protocol/frame/opcode.ts";
import { BoundedFeed } from "./bounded-feed.ts";
import type { SeenStream } from "./seen-streams.ts";
import type { FrameView, Unsubscribe } from "./stream-view.ts";
import type { BatchListener } from "./streams-member.ts";
import { TextPreview } from "./text-preview.ts";

interface Listening {
  readonly feed: BoundedFeed<FrameView>;
  readonly wantsPreview: boolean;
  readonly onEnd: () => void;
  /** The last of the frames that were left out since the last were told. */
  leftOut: FrameView | undefined;
}

const OpcodeNames: ReadonlyMap<number, FrameView["opcode"]> = new Map([
  [Opcode.Continuation, "continuation"],
  [Opcode.Text, "text"],
  [Opcode.Binary, "binary"],
  [Opcode.Close, "close"],
  [Opcode.Ping, "ping"],
  [Opcode.Pong, "pong"],
]);

/** Who looks at the frames of one stream. The stream knows of it while somebody does. */
export class FrameListeners {
  readonly #stream: SeenStream;
  readonly #now: () => number;
  readonly #listening = new Set<Listening>();
  /** How much of a text the stream tells now; `undefined` while it tells nothing. */
  #textBytes: number | undefined;
  /** `undefined` where the route allows none. */
  readonly #preview: TextPreview | undefined;

  /** @param now - milliseconds since the epoch; read once for each frame that is told. */
  constructor(stream: SeenStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#preview = stream.tail && new TextPreview(stream.tail);
  }

  get isEmpty(): boolean {
    return this.#listening.size === 0;
  }

  /** `listener` is told of each frame from now on, `onEnd` by `end`. */
  listen(wantsPreview: boolean, listener: BatchListener<FrameView>, onEnd: () => void): Unsubscribe {
    const feed = new BoundedFeed<FrameView>((views, missed) => listener(withLeftOut(listening, views, missed)));
    const listening: Listening = { feed, wantsPreview, onEnd, leftOut: undefined };
    this.#listening.add(listening);
    this.#watch();
    return () => {
      if (!this.#listening.delete(listening)) return;
      feed.close();
      this.#watch();
    };
  }

  /** The stream has ended: tells what waits, and the end. */
  end(): void {
    const all = [...this.#listening];
    this.#listening.clear();
    for (const { feed, onEnd } of all) {
      feed.flush();
      onEnd();
    }
  }

  /** Texts are collected where somebody wants them. Who looks on anew tells nothing of the frame it comes into. */
  #watch(): void {
    const textBytes = this.#wantedTextBytes();
    if (textBytes === this.#textBytes) return;
    this.#textBytes = textBytes;
    if (textBytes === undefined) return this.#stream.watch(undefined);
    const watching = (direction: FrameView["direction"]) => ({
      textBytes,
      tell: (frame: SeenFrame) => this.#tell(frame, direction),
    });
    this.#stream.watch({ toUpstream: watching("to-upstream"), toClient: watching("to-client") });
  }

  #wantedTextBytes(): number | undefined {
    if (this.isEmpty) return undefined;
    const isWanted = [...this.#listening].some(({ wantsPreview }) => wantsPreview);
    return isWanted ? (this.#preview?.textBytes ?? 0) : 0;
  }

  #tell(frame: SeenFrame, direction: FrameView["direction"]): void {
    const opcode = OpcodeNames.get(frame.opcode);
    if (opcode === undefined) return;
    let view: FrameView | undefined;
    let withPreview: FrameView | undefined;
    for (const listening of this.#listening) {
      const { feed, wantsPreview } = listening;
      view ??= this.#viewOf(frame, opcode, direction);
      if (feed.skips()) {
        listening.leftOut = view;
        continue;
      }
      if (wantsPreview) withPreview ??= this.#withPreview(view, frame.beginning);
      feed.push(wantsPreview && withPreview !== undefined ? withPreview : view);
    }
  }

  #viewOf({ fin, rsv, payloadLength }: SeenFrame, opcode: FrameView["opcode"], direction: FrameView["direction"]) {
    return { at: Math.round(this.#now()), direction, opcode, fin, rsv, payloadBytes: payloadLength };
  }

  #withPreview(view: FrameView, beginning: Uint8Array | undefined): FrameView {
    const preview = beginning && this.#preview?.of(beginning);
    return preview === undefined ? view : { ...view, preview };
  }
}

/** With the last of those that were left out, which says how many went before it: nobody takes a gap for silence. */
function withLeftOut(listening: Listening, views: readonly FrameView[], missed: number): readonly FrameView[] {
  const { leftOut } = listening;
  listening.leftOut = undefined;
  if (leftOut === undefined) return views;
  return [...views, missed > 1 ? { ...leftOut, missed: missed - 1 } : leftOut];
}
