/** The site port: HTTP actions, routed through the components' mounts the way the backend does. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { childPath, type InstalledComponent } from "./components.js";
import type { Engine, Identity } from "./engine.js";
import { identityFromJwt, readBody, sendError, sendJson } from "./http.js";

export interface Route {
  componentPath: string;
  handler: unknown;
  /** What the component's own router is asked for. */
  path: string;
}
type Routed = Route | "no-http" | "no-route";

/** What the backend answers itself at the root of the site port, whatever the app's routes and the token are. */
const BACKENDS_OWN: Record<string, ((engine: Engine) => string) | undefined> = {
  "/version": () => "local-convex",
  "/metrics": metrics,
};

/** The backend routes these without reading a body, so actions never see one. */
const BODYLESS = new Set(["GET", "HEAD", "OPTIONS"]);
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "expect",
]);

export async function handleSiteRequest(
  engine: Engine,
  origin: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    // Resolving "//double/slash" against a base would take "double" for a host, hence the concatenation.
    const url = new URL(`http://${incoming.headers.host ?? new URL(origin).host}${incoming.url ?? "/"}`);
    const method = incoming.method ?? "GET";
    const own = BACKENDS_OWN[url.pathname];
    if (own !== undefined && (method === "GET" || method === "HEAD")) {
      sendText(response, 200, own(engine));
      return;
    }
    const body = await readBody(incoming);
    const route = findRoute(engine.components(), url.pathname, method);
    if (route === "no-http") {
      sendText(response, 404, "This Convex deployment does not have HTTP actions enabled.");
    } else if (route === "no-route") {
      sendText(response, 404, "No matching routes found");
    } else {
      const request = new Request(url, {
        method,
        headers: requestHeaders(incoming),
        ...(body.length > 0 && !BODYLESS.has(method) ? { body: new Uint8Array(body) } : {}),
      });
      await respond(engine, route, request, response);
    }
  } catch (error) {
    sendError(response, error);
  }
}

async function respond(
  engine: Engine,
  route: Route,
  request: Request,
  response: ServerResponse,
): Promise<void> {
  let result: Response;
  try {
    const identity = route.componentPath === "" ? identityOf(request) : null;
    result = await engine.runHttpAction(route, request, identity);
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    engine.logger(`[http ${request.method} ${new URL(request.url).pathname}] ${errorText(error)}`);
    sendJson(response, 500, {
      code: `[Request ID: local] Server Error`,
      message: `Uncaught ${reason}`,
    });
    return;
  }
  const body = Buffer.from(await result.arrayBuffer());
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of result.headers) {
    if (!HOP_BY_HOP.has(name)) headers[name] = name === "set-cookie" ? result.headers.getSetCookie() : value;
  }
  response.writeHead(result.status, { ...headers, "content-length": String(body.length) });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * An exact route of the component's http.ts wins; otherwise the longest prefix among its prefix routes and its mounts.
 * A mount strips its prefix and the search goes on in the mounted component.
 */
export function findRoute(
  components: ReadonlyMap<string, InstalledComponent>,
  pathname: string,
  method: string,
): Routed {
  let component = components.get("");
  let path = pathname;
  while (component !== undefined) {
    const { router, mounts } = component;
    if (router === null && mounts.length === 0) return "no-http";
    const own = router?.lookup(path, method) ?? null;
    const ownPrefix = own?.[2].endsWith("*") === true ? own[2].slice(0, -1) : null;
    const found = own === null ? null : { componentPath: component.path, handler: own[0], path };
    if (found !== null && own?.[2] === path) return found;

    const mount = mounts
      .filter(({ prefix }) => path.startsWith(prefix))
      .sort((a, b) => b.prefix.length - a.prefix.length)[0];
    if (mount === undefined || (ownPrefix !== null && ownPrefix.length > mount.prefix.length)) {
      return found ?? (router === null ? "no-http" : "no-route");
    }
    path = `/${path.slice(mount.prefix.length)}`;
    component = components.get(childPath(component.path, mount.child));
  }
  return "no-http";
}

/** What has become of mutations, which is empty unless they are optimistic, in the format of Prometheus. */
function metrics({ optimistic }: Engine): string {
  const { commits = {}, conflicts = {}, refused = 0 } = optimistic?.statistics ?? {};
  const lines = [
    "# local-convex: mutations since its start",
    ...Object.entries(commits).map(([name, times]) => `commits{function="${name}"} ${String(times)}`),
    ...Object.entries(conflicts).map(([key, times]) => {
      const [name = "", table = ""] = key.split(" ");
      return `conflicts{function="${name}",table="${table}"} ${String(times)}`;
    }),
    `refused ${String(refused)}`,
    `processor_seconds ${String(process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function requestHeaders(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    if (name === "connection" || name === "transfer-encoding") continue;
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

/** HTTP actions read their own Authorization header; only something that looks like a JWT becomes an identity. */
function identityOf(request: Request): Identity | null {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]*)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
  if (token === undefined) return null;
  try {
    return identityFromJwt(token);
  } catch {
    return null;
  }
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(text);
}
function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
