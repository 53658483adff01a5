import { describe, expect, test } from "vitest";
import { hex, joined } from "../../support/bits.ts";
import { everyCut } from "../../support/cuts.ts";
import { close1000, fragment, hello, last, openPipe, ownClose, ping } from "../../support/pipe-bench.ts";

// hello: 5 bytes; fragment and last: a message of 2 + 1 in two frames.
const fits = joined([hello, fragment, ping, last, hello]);

describe.each([
  {
    what: "a frame over maxFrameBytes",
    limits: { maxFrameBytes: 5 },
    before: fits,
    over: hex("82 86 00000000 010203040506"),
    rule: "WS_FRAME_TOO_BIG",
  },
  {
    what: "a frame of 4 GiB, by its header",
    limits: { maxFrameBytes: 2 ** 32 - 1 },
    before: fits,
    over: hex("82 ff 0000000100000000 00000000 aa"),
    rule: "WS_FRAME_TOO_BIG",
  },
  {
    what: "a message over maxMessageBytes",
    limits: { maxMessageBytes: 5 },
    before: joined([fits, fragment, hex("00 82 00000000 0102")]),
    over: hex("80 82 00000000 0102"),
    rule: "WS_MESSAGE_TOO_BIG",
  },
  {
    what: "one fragment too many",
    limits: { maxFragments: 2 },
    before: joined([fits, fragment, ping, hex("00 80 00000000")]),
    over: hex("00 80 00000000"),
    rule: "WS_TOO_MANY_FRAGMENTS",
  },
])("$what", ({ limits, before, over, rule }) => {
  test("never begins at the receiver, in whatever pieces it comes, and what came before it goes on", () => {
    everyCut(joined([before, over]), (chunks) => {
      const { take, received, traffic, events, pipe } = openPipe({ limits });
      take(...chunks);
      expect(received()).toEqual(before);
      expect(traffic.bytes).toBe(before.length);
      expect(events).toEqual([{ type: "rule-broken", rule }]);
      expect(pipe.midFrame).toBe(false);
    });
  });

  test("passes where there is no limit", () => {
    const { take, received, events } = openPipe();
    take(before, over);
    expect(received()).toEqual(joined([before, over]));
    expect(events).toEqual([]);
  });
});

test("the sender's Close is found behind a message that is over a limit, and is not passed on", () => {
  everyCut(joined([hex("82 86 00000000 010203040506"), hello, close1000]), (chunks) => {
    const { take, received, events, pipe } = openPipe({ limits: { maxFrameBytes: 5 } });
    pipe.insertClose(ownClose);
    take(...chunks);
    expect(received()).toEqual(ownClose);
    expect(events).toEqual([{ type: "close-received", code: 1000 }]);
  });
});

test("a Ping is not held to the limits of messages, nor a Close", () => {
  const { take, received, events } = openPipe({ limits: { maxFrameBytes: 1, maxMessageBytes: 1, maxFragments: 1 } });
  const longPing = joined([hex("89 fd 00000000"), new Uint8Array(125)]);
  take(longPing, close1000);
  expect(received()).toEqual(joined([longPing, close1000]));
  expect(events).toEqual([{ type: "close-received", code: 1000 }]);
});

test("an upstream's messages are held to them as well", () => {
  const { take, received, events } = openPipe({ from: "upstream", limits: { maxMessageBytes: 2 } });
  take(hex("02 02 0102  80 00  02 01 01  80 02 0102"));
  expect(received()).toEqual(hex("02 02 0102  80 00  02 01 01"));
  expect(events).toEqual([{ type: "rule-broken", rule: "WS_MESSAGE_TOO_BIG" }]);
});
