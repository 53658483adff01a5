import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { Subprotocol, type Abilities, type End, type Message } from "./end.ts";

const KiB = 1024;
const Lengths = [0, 1, 125, 126, 65_535, 65_536, 256 * KiB, 1024 * KiB];
const Mixed = "aé€𐐇";
const Line = "The quick brown fox jumps over the lazy dog; ";
const Many = 1_000;

/** What one end does to the other, and both see. */
export interface Behaviour {
  readonly name: string;
  /** What the end that does it must be able to. */
  readonly needs?: keyof Pick<Abilities, "fragments" | "pings" | "aborts">;
  /** Subprotocols that the client offers. */
  readonly offers?: readonly string[];
  /** `from` is the client, then the server. */
  run(from: End, to: End, can: Abilities): Promise<void>;
}

/** What stays open behind it. */
export const Behaviours: readonly Behaviour[] = [
  {
    name: "text and binary of every length class arrive, and go back",
    async run(from, to) {
      for (const message of Lengths.flatMap((length) => [textOf(length), new Uint8Array(randomBytes(length))])) {
        from.send(message);
        const arrived = await to.receive();
        expectSame(arrived, message);
        to.send(arrived);
        expectSame(await from.receive(), message);
      }
    },
  },
  {
    name: "many messages at once, both ways, keep their order",
    async run(from, to) {
      const messages = Array.from({ length: Many }, (_, number) => `${number} ${Line.repeat(number % 10)}`);
      for (const message of messages) {
        from.send(message);
        to.send(message);
      }
      for (const end of [to, from]) {
        for (const message of messages) expect(await end.receive()).toBe(message);
      }
    },
  },
  {
    name: "what repeats itself is understood, message for message",
    async run(from, to) {
      const messages = [Line.repeat(10), Line.repeat(10), Line.repeat(3_000), "", "short", Line.repeat(3_000)];
      for (const message of messages) from.send(message);
      for (const message of messages) expectSame(await to.receive(), message);
    },
  },
  {
    name: "a message in five frames is one",
    needs: "fragments",
    async run(from, to) {
      for (const message of [Mixed.repeat(7), Mixed.repeat(20_000), new Uint8Array(randomBytes(100_001))]) {
        from.send(message, 5);
        expectSame(await to.receive(), message);
      }
    },
  },
  {
    name: "a Ping has its Pong, between messages",
    needs: "pings",
    async run(from, to) {
      from.send("before");
      // Where messages are asked for, what comes before the Ping is asked for first.
      const arrived = to.receive();
      await from.ping?.();
      from.send("behind");
      expect([await arrived, await to.receive()]).toEqual(["before", "behind"]);
    },
  },
  {
    name: "of the subprotocols offered both have the one that is spoken",
    offers: ["chat.v1", Subprotocol],
    async run(from, to) {
      expect([from.subprotocol, to.subprotocol]).toEqual([Subprotocol, Subprotocol]);
    },
  },
  {
    name: "without a subprotocol that is spoken both have none",
    offers: [],
    async run(from, to) {
      expect([from.subprotocol, to.subprotocol]).toEqual(["", ""]);
    },
  },
];

/** What ends it. */
export const Endings: readonly Behaviour[] = [
  closing(1000),
  closing(3000),
  closing(4999),
  {
    name: "its Close without a code arrives, and is answered",
    async run(from, to, { bareClose }) {
      from.close();
      expect(await to.closed).toMatchObject({ code: bareClose });
      expect(await from.closed).toMatchObject({ code: bareClose });
    },
  },
  {
    name: "without a Close it is lost for the other",
    needs: "aborts",
    async run(from, to, { lostClose = 1006 }) {
      from.abort?.();
      expect(await to.closed).toEqual({ code: lostClose, reason: "" });
    },
  },
];

function closing(code: number): Behaviour {
  return {
    name: `its Close ${code} arrives with its reason, behind what was sent, and is answered`,
    async run(from, to) {
      from.send("last");
      from.close(code, "grüße");
      expect(await to.receive()).toBe("last");
      expect(await to.closed).toEqual({ code, reason: "grüße" });
      expect(await from.closed).toMatchObject({ code });
    },
  };
}

/** Text of `bytes` bytes, in characters that take one to four of them. */
function textOf(bytes: number): string {
  return Mixed.repeat(bytes / 10) + "x".repeat(bytes % 10);
}

/** Without the time and the paper that a difference between megabytes would take. */
function expectSame(arrived: Message, sent: Message): void {
  expect(typeof arrived).toBe(typeof sent);
  expect(Buffer.from(arrived as string).equals(Buffer.from(sent as string))).toBe(true);
}
