/** The shapes in which the convex package registers functions and routes, narrowed from pushed modules. */

export type FunctionKind = "query" | "mutation" | "action";

/** A registered Convex function as `queryGeneric` and friends build it. */
export interface RegisteredFunction {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isPublic?: boolean;
  isInternal?: boolean;
  exportArgs(): string;
  exportReturns(): string;
  _handler: (ctx: unknown, args: unknown) => unknown;
}
export function asRegisteredFunction(value: unknown): RegisteredFunction | null {
  if (typeof value !== "function") return null;
  const candidate = value as unknown as Partial<RegisteredFunction>;
  const known = candidate.isQuery === true || candidate.isMutation === true || candidate.isAction === true;
  return known ? (candidate as RegisteredFunction) : null;
}

export interface Router {
  isRouter: true;
  getRoutes(): [path: string, method: string, handler: unknown][];
  lookup(path: string, method: string): [handler: unknown, method: string, path: string] | null;
}
export function asRouter(value: unknown): Router | null {
  const isRouter =
    typeof value === "object" && value !== null && "isRouter" in value && value.isRouter === true;
  return isRouter ? (value as Router) : null;
}

export function kindOf(fn: RegisteredFunction): FunctionKind {
  return fn.isQuery === true ? "query" : fn.isMutation === true ? "mutation" : "action";
}

export type HttpHandler = (ctx: unknown, request: Request) => Promise<Response>;
export function httpHandler(value: unknown): HttpHandler {
  // invokeHttpAction() would go through syscalls that convex-test only implements for names, not for references to
  // components or function handles; the bare handler with an action's ctx has all of them.
  const handler = typeof value === "function" && "_handler" in value ? value._handler : undefined;
  if (typeof handler !== "function") throw new Error("A route's handler is not an httpAction().");
  return handler as HttpHandler;
}
