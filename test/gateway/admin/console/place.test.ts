import { describe, expect, test } from "vitest";
import { hashOf, NoFilter, placeOf, queryOf, type Place } from "../../../../src/gateway/admin/console/place.ts";

const streams = (filter: Partial<typeof NoFilter>): Place => ({ view: "streams", filter: { ...NoFilter, ...filter } });

describe("a place", () => {
  test.each<{ hash: string; place: Place }>([
    { hash: "#/", place: { view: "overview" } },
    { hash: "#/routes", place: { view: "routes" } },
    { hash: "#/upstreams", place: { view: "upstreams" } },
    { hash: "#/config", place: { view: "config" } },
    { hash: "#/events", place: { view: "events" } },
    { hash: "#/streams", place: streams({}) },
    { hash: "#/streams/17", place: { view: "stream", id: 17 } },
    { hash: "#/streams?route=a+b%26c", place: streams({ route: "a b&c" }) },
    { hash: "#/streams?search=chat&protocol=h2", place: streams({ search: "chat", protocol: "h2" }) },
    { hash: "#/streams?order=age&ascending=true", place: streams({ order: "age", ascending: true }) },
  ])("has the address $hash", ({ hash, place }) => {
    expect(placeOf(hash)).toEqual(place);
    expect(hashOf(place)).toBe(hash);
  });

  test.each([
    { name: "nothing", hash: "", place: { view: "overview" } },
    { name: "what there is not", hash: "#/what", place: { view: "overview" } },
    { name: "an id that is none", hash: "#/streams/x1", place: streams({}) },
    { name: "an order that is none", hash: "#/streams?order=colour", place: streams({}) },
  ])("is found for $name", ({ hash, place }) => {
    expect(placeOf(hash)).toEqual(place);
  });

  test("asks the gateway with all that it does not leave to it", () => {
    const filter = { ...NoFilter, search: " chat ", upstream: "one" };
    const query = queryOf(filter, { withDefaults: true });
    expect(query.toString()).toBe("search=chat&upstream=one&order=rate&ascending=false");
  });
});
