import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  acceptExtensions,
  confirmExtensions,
  offerExtensions,
} from "../../src/protocol/handshake/extension-negotiation.ts";
import { ConnectionMachine } from "../../src/protocol/message/connection-machine.ts";
import type { Extension } from "../../src/protocol/message/extension.ts";
import { PermessageDeflateNegotiator } from "../../src/protocol/message/permessage-deflate-negotiator.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import { joined } from "../support/bits.ts";
import { cutAt } from "../support/cuts.ts";
import { framesIn } from "../support/machine-run.ts";
import { longestDistance } from "../support/deflate-distances.ts";
import { anyCuts } from "./any-wire.ts";

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const bits = maybe(fc.integer({ min: 8, max: 15 }));

const anyOptions = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
  level: maybe(fc.integer({ min: 1, max: 9 })),
  thresholdBytes: fc.constantFrom(0, 1, 128),
});

const anyMessage = fc.oneof(
  fc
    .tuple(fc.constantFrom("The quick brown fox; ", "aaaa", "€𝄞 "), fc.nat(300))
    .map(([text, times]) => text.repeat(times)),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.uint8Array({ maxLength: 700 }),
);

function machine(role: "server" | "client", extensions: readonly Extension[]): ConnectionMachine {
  const traffic = { incoming: new Traffic(), outgoing: new Traffic() };
  return new ConnectionMachine({
    role,
    extensions,
    maxMessageBytes: 10_000,
    maxFrameBytes: undefined,
    maxFragments: undefined,
    ...traffic,
  });
}

/** The messages that come out of `to` for `wire`. */
function read(to: ConnectionMachine, chunks: readonly Uint8Array[]): unknown[] {
  const messages: unknown[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      at = to.read(chunk, at, chunk.length);
      const event = to.takeEvent();
      if (event?.type === "text") messages.push(event.text);
      else if (event?.type === "binary") messages.push(event.data);
      else if (event) messages.push(event);
    }
  }
  return messages;
}

test("whatever two endpoints want of permessage-deflate, they agree, and what one says the other hears", () => {
  fc.assert(
    fc.property(
      anyOptions,
      anyOptions,
      fc.array(fc.tuple(fc.boolean(), anyMessage), { maxLength: 8 }),
      anyCuts,
      (wants, has, said, cuts) => {
        const client = [new PermessageDeflateNegotiator(wants)];
        const agreed = acceptExtensions(offerExtensions(client), [new PermessageDeflateNegotiator(has)]);
        expect(agreed.extensions).toHaveLength(1);
        const machines = {
          client: machine("client", confirmExtensions(agreed.value, client)),
          server: machine("server", agreed.extensions),
        };
        for (const [isClient, message] of said) {
          const [from, to] = isClient ? [machines.client, machines.server] : [machines.server, machines.client];
          from.send(message);
          const wire = joined(from.takeOutput());
          expect(read(to, cutAt(wire, cuts))).toEqual([message]);
          expectDistances(
            wire,
            isClient ? [wants.clientMaxWindowBits, has.clientMaxWindowBits] : [wants.serverMaxWindowBits],
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});

/** Nobody refers back further than each of the endpoints wants. */
function expectDistances(wire: Uint8Array, wanted: readonly (number | undefined)[]): void {
  const most = Math.min(...wanted.map((one) => 2 ** (one ?? 15)));
  const distances = framesIn(wire).map(({ rsv, payload }) => (rsv === 0 ? 0 : longestDistance(payload)));
  expect(Math.max(0, ...distances)).toBeLessThanOrEqual(most);
}
