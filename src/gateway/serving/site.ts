import type { Config, HostField, RouteConfig } from "../config/config.ts";
import { comparablePath } from "../config/route-path.ts";
import { RouteTable } from "../routing/route-table.ts";
import { Upstream } from "../routing/upstream.ts";
import type { RouteLabels } from "../telemetry/stream-registry.ts";
import { handlerNameOf, loadHandler, type LoadedHandler } from "./handlers.ts";
import { StaticFiles } from "./static-files.ts";

/** A route to a group of backends. */
export interface UpstreamRoute {
  readonly type: "upstream";
  readonly name: string;
  readonly upstream: Upstream;
  readonly hostField: HostField;
}

/** A route to a handler in this process; `handlerName` is its name in logs and metrics. */
export interface HandlerRoute extends LoadedHandler {
  readonly type: "handler";
  readonly name: string;
}

/** A route to a small static site. */
export interface FilesRoute {
  readonly type: "files";
  readonly name: string;
  /** Path of the route, which the names of the files stand behind. */
  readonly prefix: string;
  readonly files: StaticFiles;
}

export type ServedRoute = UpstreamRoute | HandlerRoute | FilesRoute;

/** The routes of a config with all they lead to: upstreams, handlers loaded, files read. */
export class Site {
  readonly #table: RouteTable;
  readonly #served: ReadonlyMap<string, ServedRoute>;

  private constructor(table: RouteTable, served: ReadonlyMap<string, ServedRoute>) {
    this.#table = table;
    this.#served = served;
  }

  /** @throws Error naming the handler or the folder that cannot be loaded. */
  static async load(config: Config): Promise<Site> {
    const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, new Upstream(upstream)]));
    const served = new Map<string, ServedRoute>();
    for (const route of config.routes) served.set(route.name, await loadRoute(route, upstreams));
    return new Site(new RouteTable(config.routes), served);
  }

  /** The route that takes `path` (query and all) at `authority`, or `undefined` if none does. */
  find({ authority, path }: { readonly authority: string; readonly path: string }): ServedRoute | undefined {
    const match = this.#table.match(authority, path);
    return match.matched ? this.#served.get(match.route.name) : undefined;
  }
}

async function loadRoute(
  { name, path, target }: RouteConfig,
  upstreams: ReadonlyMap<string, Upstream>,
): Promise<ServedRoute> {
  switch (target.type) {
    case "upstream": {
      const upstream = upstreams.get(target.upstream);
      if (upstream === undefined) throw new Error(`route ${name}: there is no upstream ${target.upstream}`);
      return { type: "upstream", name, upstream, hostField: target.hostField };
    }
    case "handler":
      return { type: "handler", name, ...(await loadHandler(target.handler)) };
    case "root":
      return { type: "files", name, prefix: path, files: await StaticFiles.read(target.folder) };
    default:
      return target satisfies never;
  }
}

/** The name of the file below a route's folder that `path` asks for, as `StaticFiles` takes it. */
export function fileNameOf({ prefix }: FilesRoute, path: string): string {
  const [target = ""] = path.split("?", 1);
  return (comparablePath(target) ?? "").slice(prefix.length).replace(/^\//, "");
}

/** The labels under which the streams of `config` are counted: one pair for each route that takes WebSockets. */
export function routeLabels(config: Config): RouteLabels[] {
  return config.routes.flatMap(({ name, target }) => {
    if (target.type === "root") return [];
    const upstream = target.type === "upstream" ? target.upstream : handlerNameOf(target.handler);
    return [{ route: name, upstream }];
  });
}
