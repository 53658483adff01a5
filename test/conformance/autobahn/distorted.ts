import type { FarEnd, FarObserver } from "../../support/far-end.ts";
import type { TestFrame } from "./case.ts";
import type { EndpointUnderTest } from "./endpoint.ts";
import { TesterFrameReader, wireOf } from "./tester-frames.ts";

/** What goes wrong between the tester and an end that is right, so that it looks like one that is not. */
export interface Distortion {
  /** What the tester gets in place of a frame of the other end. */
  frames?(frame: TestFrame): readonly TestFrame[];
  /** What the other end gets in place of what the tester sends: `held` is all of it that did not go on before. */
  passes?(held: Buffer): number;
  /** The other end's half never ends, or a reset comes in place of its end. */
  readonly end?: "never" | "reset";
  /** What the tester believes was agreed on. */
  readonly agreed?: string;
}

/** `endpoint` behind a `distortion`. */
export function distorted(endpoint: EndpointUnderTest, distortion: Distortion): EndpointUnderTest {
  return {
    role: endpoint.role,
    close: () => endpoint.close(),
    open: async (terms) => {
      const leg = await endpoint.open(terms);
      const { agreed = leg.extensions } = distortion;
      return { extensions: agreed, far: distortedFarEnd(leg.far, distortion, endpoint.role === "client") };
    },
  };
}

function distortedFarEnd(far: FarEnd, distortion: Distortion, masked: boolean): FarEnd {
  let held = Buffer.alloc(0);
  return {
    ...far,
    get unsentBytes() {
      return far.unsentBytes;
    },
    observe: (observer) => far.observe(distortedObserver(observer, distortion, masked)),
    send(bytes) {
      held = Buffer.concat([held, bytes]);
      const count = distortion.passes?.(held) ?? held.length;
      if (count > 0) far.send(held.subarray(0, count));
      held = held.subarray(count);
    },
  };
}

function distortedObserver(observer: FarObserver, distortion: Distortion, masked: boolean): FarObserver {
  const reader = new TesterFrameReader(masked);
  const { frames = (frame: TestFrame) => [frame], end } = distortion;
  return {
    onBytes(bytes) {
      for (const frame of reader.read(bytes).flatMap((received) => frames(received))) {
        observer.onBytes(wireOf(frame, masked));
      }
    },
    onEnd() {
      if (end === undefined) observer.onEnd();
      if (end === "reset") observer.onClose("reset");
    },
    onClose: (how) => observer.onClose(how),
  };
}
