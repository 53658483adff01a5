import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Admission, type AdmissionLimits, type AdmissionResult } from "../../src/websocket/admission.ts";

const Unlimited: AdmissionLimits = {
  maxStreams: 1_000,
  maxStreamsPerConnection: 1_000,
  maxStreamsPerAddress: undefined,
  openingRate: undefined,
};

/** An admission whose clock the test moves, and how it is asked. */
class Door {
  now = 0;
  readonly admission: Admission;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.admission = new Admission({ ...Unlimited, ...limits }, () => this.now);
  }

  update(limits: Partial<AdmissionLimits>): void {
    this.admission.update({ ...Unlimited, ...limits });
  }

  ask({ id = 1, address = "192.0.2.1", route = "chat", max = undefined as number | undefined } = {}): AdmissionResult {
    return this.admission.admit({ id, remoteAddress: address }, { name: route, maxStreams: max });
  }

  /** The limit that is hit, if one is. */
  limit(asked?: Parameters<Door["ask"]>[0]): string | undefined {
    const result = this.ask(asked);
    return result.type === "refused" ? result.limit : undefined;
  }
}

function releaseOf(result: AdmissionResult): () => void {
  if (result.type === "refused") throw new Error(`refused: ${result.limit}`);
  return result.release;
}

describe.each([
  {
    limit: "streams",
    status: 503,
    limits: { maxStreams: 2 },
    asked: {},
    neighbour: undefined,
  },
  {
    limit: "streams_per_route",
    status: 503,
    limits: {},
    asked: { max: 2 },
    neighbour: { route: "other", max: 2 },
  },
  {
    limit: "streams_per_connection",
    status: 429,
    limits: { maxStreamsPerConnection: 2 },
    asked: {},
    neighbour: { id: 2 },
  },
  {
    limit: "streams_per_address",
    status: 429,
    limits: { maxStreamsPerAddress: 2 },
    asked: {},
    neighbour: { address: "192.0.2.2" },
  },
])("$limit", ({ limit, status, limits, asked, neighbour }) => {
  test(`is ${status} with Retry-After, and after a release there is room again`, () => {
    const door = new Door(limits);
    const release = releaseOf(door.ask(asked));
    releaseOf(door.ask(asked));
    const refused = door.ask(asked);
    expect(refused).toMatchObject({ type: "refused", limit, rejection: { status } });
    expect(refused.type === "refused" && refused.rejection.fields).toEqual(
      expect.arrayContaining(["retry-after", "5"]),
    );
    release();
    expect(door.limit(asked)).toBeUndefined();
    expect(door.limit(asked)).toBe(limit);
  });

  test("is not felt by a neighbour", () => {
    const door = new Door(limits);
    for (let i = 0; i < 3; i++) door.ask(asked);
    expect(door.limit(neighbour ?? asked)).toBe(neighbour === undefined ? limit : undefined);
  });

  test("releasing twice makes no second place", () => {
    const door = new Door(limits);
    const release = releaseOf(door.ask(asked));
    releaseOf(door.ask(asked));
    release();
    release();
    expect([door.limit(asked), door.limit(asked)]).toEqual([undefined, limit]);
  });

  test("counts what was open before the limit was there, and closes none of it", () => {
    const door = new Door();
    const releases = [1, 2, 3].map(() => releaseOf(door.ask({ ...asked, max: undefined })));
    door.update(limits);
    expect(door.limit(asked)).toBe(limit);
    releases[0]!();
    expect(door.limit(asked)).toBe(limit);
    releases[1]!();
    expect(door.limit(asked)).toBeUndefined();
  });
});

describe("the opening rate", () => {
  test("is 429, with the seconds until there is a token in Retry-After", () => {
    const door = new Door({ openingRate: { perSecond: 0.25, burst: 2 } });
    expect([door.limit(), door.limit()]).toEqual([undefined, undefined]);
    door.now = 500;
    const refused = door.ask();
    expect(refused).toMatchObject({ type: "refused", limit: "opening_rate", rejection: { status: 429 } });
    expect(refused.type === "refused" && refused.rejection.fields).toEqual(
      expect.arrayContaining(["retry-after", "4"]),
    );
    expect(door.limit({ address: "192.0.2.2" })).toBeUndefined();
    door.now = 4_000;
    expect(door.limit()).toBeUndefined();
  });

  test("is nobody's who has no address, nor is the limit of one", () => {
    const door = new Door({ maxStreamsPerAddress: 1, openingRate: { perSecond: 1, burst: 1 } });
    expect([door.limit({ address: "" }), door.limit({ address: "" })]).toEqual([undefined, undefined]);
  });

  test("counts openings that were released or refused, and what it refuses takes no place", () => {
    const door = new Door({ maxStreams: 1, openingRate: { perSecond: 1, burst: 3 } });
    releaseOf(door.ask())();
    const release = releaseOf(door.ask());
    expect([door.limit(), door.limit()]).toEqual(["streams", "opening_rate"]);
    release();
    expect(door.limit({ address: "192.0.2.2" })).toBeUndefined();
  });

  test("is one for a whole /64 and for both spellings of an IPv4 address", () => {
    const door = new Door({ openingRate: { perSecond: 1, burst: 1 } });
    const limits = ["2001:db8::1", "2001:db8::2:3", "2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1"].map((address) =>
      door.limit({ address }),
    );
    expect(limits).toEqual([undefined, "opening_rate", undefined, undefined, "opening_rate"]);
  });

  test("and what was used up of it outlives a reload", () => {
    const door = new Door({ openingRate: { perSecond: 1, burst: 1 } });
    expect(door.limit()).toBeUndefined();
    door.update({ openingRate: { perSecond: 1, burst: 1 } });
    expect(door.limit()).toBe("opening_rate");
    door.update({});
    expect(door.limit()).toBeUndefined();
  });
});

test("no sentence repeats what the client sent", () => {
  const door = new Door({ maxStreams: 0 });
  const refused = door.ask({ address: "203.0.113.77", route: "secret" });
  expect(JSON.stringify(refused)).not.toMatch(/203\.0\.113|secret/);
});

test("whatever the order of openings and ends, each limit holds, and at the end all places are free", () => {
  const step = fc.record({
    release: fc.boolean(),
    which: fc.nat(50),
    id: fc.integer({ min: 1, max: 4 }),
    route: fc.constantFrom("a", "b"),
  });
  const limits = { maxStreams: 8, maxStreamsPerConnection: 3, maxStreamsPerAddress: 5 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const door = new Door(limits);
      const open: { id: number; address: string; route: string; release: () => void }[] = [];
      for (const { release, which, id, route } of steps) {
        if (release) {
          open.splice(which % Math.max(1, open.length), 1)[0]?.release();
          continue;
        }
        const address = `192.0.2.${id % 2}`;
        const count = (key: "id" | "address" | "route", value: unknown) =>
          open.filter((one) => one[key] === value).length;
        const isFull =
          open.length >= 8 || count("route", route) >= 6 || count("id", id) >= 3 || count("address", address) >= 5;
        const result = door.ask({ id, address, route, max: 6 });
        expect(result.type).toBe(isFull ? "refused" : "admitted");
        if (result.type === "admitted") open.push({ id, address, route, release: result.release });
      }
      for (const { release } of open) release();
      const anew = Array.from({ length: 8 }, (_, i) => door.limit({ id: 10 + i, address: `198.51.100.${i}` }));
      expect(anew).toEqual(Array(8).fill(undefined));
      expect(door.limit()).toBe("streams");
    }),
  );
});
