import { isDeepStrictEqual } from "node:util";
import { comparablePath } from "../../protocol/handshake/request-target.ts";
import type { ExtensionNegotiator } from "../../protocol/message/extension.ts";
import { PermessageDeflateNegotiator } from "../../protocol/message/permessage-deflate-negotiator.ts";
import type { Config, HostField, RouteConfig, UpstreamConfig } from "../config/config.ts";
import type { H2EngineName } from "../../transport/h2-acceptor.ts";
import type { OpenH2Client } from "../../transport/h2-client.ts";
import { hawserH2Clients } from "../../transport/hawser-h2-client.ts";
import { openNodeH2Client } from "../../transport/node-h2-client.ts";
import { RouteTable } from "../routing/route-table.ts";
import { Upstream } from "../routing/upstream.ts";
import type { RouteLabels } from "../telemetry/stream-registry.ts";
import { handlerNameOf, loadHandler, type LoadedHandler } from "./handlers.ts";
import { HttpUpstream } from "./http-upstream.ts";
import { StaticFiles } from "./static-files.ts";
import { UpstreamDialer } from "./upstream-dialer.ts";

/** What every route has. */
interface Served {
  readonly name: string;
  /** Its rules and limits. */
  readonly config: RouteConfig;
}

/** A route to a group of backends. */
export interface UpstreamRoute extends Served {
  readonly type: "upstream";
  readonly upstream: Upstream;
  /** Asks it for WebSockets. */
  readonly dialer: UpstreamDialer;
  /** Passes ordinary requests on; `undefined` where the upstream takes WebSockets alone. */
  readonly http: HttpUpstream | undefined;
  readonly hostField: HostField;
}

/** A route to a handler in this process; `handlerName` is its name in logs and metrics. */
export interface HandlerRoute extends Served, LoadedHandler {
  readonly type: "handler";
  /** Agreed to where a client offers them. */
  readonly extensions: readonly ExtensionNegotiator[];
}

/** A route to a static site. */
export interface FilesRoute extends Served {
  readonly type: "files";
  /** Path of the route, which the names of the files stand behind. */
  readonly prefix: string;
  readonly files: StaticFiles;
}

export type ServedRoute = UpstreamRoute | HandlerRoute | FilesRoute;

/** The routes of a config with all they lead to: upstreams, handlers loaded, folders opened. */
export class Site {
  readonly #table: RouteTable;
  readonly #served: ReadonlyMap<string, ServedRoute>;
  readonly #backends: ReadonlyMap<string, Backend>;

  private constructor(
    table: RouteTable,
    served: ReadonlyMap<string, ServedRoute>,
    backends: ReadonlyMap<string, Backend>,
  ) {
    this.#table = table;
    this.#served = served;
    this.#backends = backends;
  }

  /**
   * What of `before` is the same in `config` is taken over as it is: upstreams with their connections and turns, handlers,
   * routes.
   *
   * @throws Error naming the handler or the folder that cannot be loaded.
   */
  static async load(config: Config, before?: Site): Promise<Site> {
    const backends = new Map<string, Backend>();
    const { engine } = config.http2;
    const openClient = engine === "node" ? openNodeH2Client : hawserH2Clients();
    for (const one of config.upstreams) {
      const known = Site.#tryBackend(before, one, engine);
      backends.set(one.name, known ?? createBackend(one, engine, openClient));
    }
    const served = new Map<string, ServedRoute>();
    for (const one of config.routes) {
      served.set(one.name, Site.#tryServed(before, one, backends) ?? (await loadRoute(one, backends)));
    }
    return new Site(new RouteTable(config.routes), served, backends);
  }

  /** All upstreams of the config. */
  get upstreams(): Upstream[] {
    return Array.from(this.#backends.values(), ({ upstream }) => upstream);
  }

  /** The route that takes `path` (query and all) at `authority`, or `undefined` if none does. */
  find({ authority, path }: { readonly authority: string; readonly path: string }): ServedRoute | undefined {
    const match = this.#table.match(authority, path);
    return match.matched ? this.#served.get(match.route.name) : undefined;
  }

  /** Closes the connections to upstreams that `kept` has not; requests on them may finish. */
  async retire(kept: Site): Promise<void> {
    const still = new Set(kept.#backends.values());
    const gone = [...this.#backends.values()].filter((backend) => !still.has(backend));
    for (const { dialer } of gone) dialer.retire();
    await Promise.all(gone.flatMap(({ http }) => (http === undefined ? [] : [http.close()])));
  }

  /** Closes all connections to upstreams at once. */
  async destroy(): Promise<void> {
    for (const { dialer } of this.#backends.values()) dialer.destroy();
    await Promise.all([...this.#backends.values()].flatMap(({ http }) => (http === undefined ? [] : [http.destroy()])));
  }

  static #tryBackend(before: Site | undefined, config: UpstreamConfig, engine: H2EngineName): Backend | undefined {
    const backend = before === undefined ? undefined : before.#backends.get(config.name);
    if (backend === undefined || backend.engine !== engine) return undefined;
    return isDeepStrictEqual(backend.config, config) ? backend : undefined;
  }

  static #tryServed(
    before: Site | undefined,
    route: RouteConfig,
    backends: ReadonlyMap<string, Backend>,
  ): ServedRoute | undefined {
    const served = before === undefined ? undefined : before.#served.get(route.name);
    if (served === undefined || !isDeepStrictEqual(served.config, route)) return undefined;
    if (served.type !== "upstream" || backends.get(served.upstream.name)?.upstream === served.upstream) return served;
    return undefined;
  }
}

/** An upstream of the config at work. */
interface Backend {
  readonly config: UpstreamConfig;
  /** Who frames its HTTP/2 connections. */
  readonly engine: H2EngineName;
  readonly upstream: Upstream;
  readonly dialer: UpstreamDialer;
  readonly http: HttpUpstream | undefined;
}

function createBackend(config: UpstreamConfig, engine: H2EngineName, openClient: OpenH2Client): Backend {
  const upstream = new Upstream(config);
  const dialer = new UpstreamDialer(upstream, config, openClient);
  const http = config.takesRequests ? new HttpUpstream(upstream, config) : undefined;
  return { config, engine, upstream, dialer, http };
}

async function loadRoute(config: RouteConfig, backends: ReadonlyMap<string, Backend>): Promise<ServedRoute> {
  const { name, path, target } = config;
  switch (target.type) {
    case "upstream": {
      const backend = backends.get(target.upstream);
      if (backend === undefined) throw new Error(`route ${name}: there is no upstream ${target.upstream}`);
      const { upstream, dialer, http } = backend;
      return { type: "upstream", name, config, upstream, dialer, http, hostField: target.hostField };
    }
    case "handler":
      return {
        type: "handler",
        name,
        config,
        extensions: target.compress ? [new PermessageDeflateNegotiator()] : [],
        ...(await loadHandler(target.handler)),
      };
    case "root":
      return { type: "files", name, config, prefix: path, files: await StaticFiles.open(target.folder) };
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
