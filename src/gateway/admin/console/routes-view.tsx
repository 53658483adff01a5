import type { ConsoleModel } from "./console-model.ts";
import { RouteTable } from "./route-table.tsx";
import { useStore } from "./store.ts";
import { Empty, TitleLine } from "./titled.tsx";

/** What each route carries. */
export function RoutesView({ model }: { readonly model: ConsoleModel }) {
  useStore(model.readings);
  const lines = model.history.routeLines;
  return (
    <>
      <TitleLine title="Routes" says={model.history.last === undefined ? "loading" : ""} />
      {lines.length > 0 ? (
        <RouteTable lines={lines} />
      ) : (
        <Empty title="No route has had a WebSocket.">They appear here as clients open them.</Empty>
      )}
    </>
  );
}
