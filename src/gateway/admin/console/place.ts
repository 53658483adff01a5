import { StreamOrders, type StreamOrder } from "../../telemetry/stream-view.ts";

/** The list of streams as somebody arranged it. Empty strings let all pass. */
export interface StreamFilter {
  readonly search: string;
  readonly route: string;
  readonly upstream: string;
  readonly protocol: string;
  readonly order: StreamOrder;
  readonly ascending: boolean;
}

/** Where in the console one is. */
export type Place =
  | { readonly view: "overview" | "upstreams" | "routes" | "config" | "events" }
  | { readonly view: "streams"; readonly filter: StreamFilter }
  | { readonly view: "stream"; readonly id: number };

/** The busiest first. */
export const NoFilter: StreamFilter = {
  search: "",
  route: "",
  upstream: "",
  protocol: "",
  order: "rate",
  ascending: false,
};

/** The place that the fragment of the address names; the overview for all that it does not know. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view, id] = path.split("/", 2);
  switch (view) {
    case "upstreams":
    case "routes":
    case "config":
    case "events":
      return { view };
    case "streams":
      if (id !== undefined && /^\d+$/.test(id)) return { view: "stream", id: Number(id) };
      return { view: "streams", filter: filterOf(new URLSearchParams(query)) };
    default:
      return { view: "overview" };
  }
}

/** The fragment that leads to `place`. */
export function hashOf(place: Place): string {
  switch (place.view) {
    case "overview":
      return "#/";
    case "stream":
      return `#/streams/${place.id}`;
    case "streams": {
      const query = queryOf(place.filter, { withDefaults: false }).toString();
      return query === "" ? "#/streams" : `#/streams?${query}`;
    }
    default:
      return `#/${place.view}`;
  }
}

/** The filter as the admin port and the address take it; without what is as it is by default unless that is asked for. */
export function queryOf(filter: StreamFilter, { withDefaults }: { readonly withDefaults: boolean }): URLSearchParams {
  const query = new URLSearchParams();
  const { order, ascending, ...texts } = filter;
  for (const [name, value] of Object.entries(texts)) if (value.trim() !== "") query.set(name, value.trim());
  if (withDefaults || order !== NoFilter.order) query.set("order", order);
  if (withDefaults || ascending) query.set("ascending", String(ascending));
  return query;
}

function filterOf(query: URLSearchParams): StreamFilter {
  const text = (name: string): string => query.get(name) ?? "";
  const order = StreamOrders.find((one) => one === query.get("order")) ?? NoFilter.order;
  const ascending = query.get("ascending") === "true";
  return {
    ...{ search: text("search"), route: text("route"), upstream: text("upstream") },
    protocol: text("protocol"),
    order,
    ascending,
  };
}
