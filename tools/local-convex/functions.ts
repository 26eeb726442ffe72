/** Calling functions over HTTP: what ConvexHttpClient, `convex run` and plain `curl` use. */
import type { CallResult, Engine } from "./engine.js";
import type { FunctionKind } from "./registered.js";
import { type ApiRequest, HttpError } from "./http.js";
import { runSystemFunction } from "./system.js";

/** The status of "the function ran and threw", as opposed to a failure of the server. */
const FUNCTION_FAILED = 560;

const KINDS: Record<string, FunctionKind | undefined> = {
  "/api/query": "query",
  "/api/query_at_ts": "query",
  "/api/mutation": "mutation",
  "/api/action": "action",
};

export async function handleFunctionCall(
  engine: Engine,
  request: ApiRequest,
): Promise<{ status: number; body: unknown } | undefined> {
  const { pathname } = request.url;
  const kind = KINDS[pathname];
  const named = pathname.startsWith("/api/run/");
  if (request.method !== "POST" || (kind === undefined && pathname !== "/api/function" && !named))
    return undefined;

  const body = request.json();
  const args: unknown = Array.isArray(body.args) ? body.args[0] : body.args;
  const udfPath = named ? nameFromUrl(pathname) : String(body.path);
  const componentPath = typeof body.componentPath === "string" ? body.componentPath : undefined;
  const call = { kind, componentPath, udfPath, args, ...request.auth };
  const result = (await runSystemFunction(engine, call)) ?? (await engine.call(call));
  if (!result.ok && result.code !== undefined && result.status !== undefined) {
    throw new HttpError(result.status, result.code, result.errorMessage.split("\n").slice(1).join("\n"));
  }
  return { status: result.ok ? 200 : FUNCTION_FAILED, body: toBody(result) };
}

/** `/api/run/folder/file/function` names `folder/file:function`. */
function nameFromUrl(pathname: string): string {
  const parts = decodeURIComponent(pathname).slice("/api/run/".length).split("/");
  const name = parts.pop() ?? "";
  return parts.length > 0 ? `${parts.join("/")}:${name}` : name;
}

function toBody(result: CallResult): unknown {
  const { ok, ...rest } = result;
  return { status: ok ? "success" : "error", ...rest };
}
