/**
 * The deployment itself: one convex-test instance that lives as long as the server. A push exchanges the modules and
 * schemas inside it, so documents, ids, function handles and scheduled functions survive.
 */
import {
  ConvexError,
  convexToJson,
  type GenericId,
  type JSONValue,
  jsonToConvex,
  type Value,
} from "convex/values";
import type { UserIdentity } from "convex/server";
import type { AnalyzedPush } from "./analyze.js";
import { componentEnvironments, describeComponents, type InstalledComponent } from "./components.js";
import { attachIndexes } from "./indexes.js";
import {
  createMock,
  type FromPath,
  type Mock,
  type MockDatabase,
  type ModuleLoader,
  type Schema,
} from "./mock.js";
import { asRegisteredFunction, type FunctionKind, httpHandler, kindOf } from "./registered.js";
import {
  type CallLog,
  type Env,
  type FunctionLogger,
  inScope,
  setEnvironments,
  withCallLog,
} from "./scope.js";
import { trackDatabase } from "./tracking.js";

export type Identity = Partial<UserIdentity>;

export interface CallRequest {
  /** Unset accepts any kind. */
  kind?: FunctionKind;
  componentPath?: string;
  udfPath: string;
  args: unknown;
  admin: boolean;
  identity?: Identity | null;
}
export type CallResult =
  | { ok: true; value: JSONValue; logLines: string[] }
  | { ok: false; errorMessage: string; errorData?: JSONValue; logLines: string[] };

/** A module every component gets, through which HTTP actions run in that component's context. */
const RUN_MODULE = "__localConvex/run";

export class Engine {
  readonly #mock: Mock = createMock({ transactionLimits: true });
  readonly logger: FunctionLogger;
  readonly urls: { cloud: string; site: string };
  readonly env: Env = {};
  /** Called with the tables a transaction wrote, or null when anything may have changed. */
  readonly changeListeners = new Set<(tables: ReadonlySet<string> | null) => void>();
  #lastCommit = 0n;
  #components = new Map<string, InstalledComponent>();
  #requestCount = 0;

  constructor(options: { urls: { cloud: string; site: string }; logger: FunctionLogger }) {
    this.urls = options.urls;
    this.logger = options.logger;
    const root = this.#mock.components[""];
    if (root === undefined) throw new Error("convex-test has no root component");
    this.#prepare("", root.db);
    this.#updateEnvironments();
  }

  /** Later than every commit that a query started from now on can see: nanoseconds, always growing. */
  get timestamp(): bigint {
    return this.#lastCommit;
  }
  #changed(tables: ReadonlySet<string> | null): void {
    const now = BigInt(Date.now()) * 1_000_000n;
    this.#lastCommit = now > this.#lastCommit ? now : this.#lastCommit + 1n;
    for (const listener of this.changeListeners) listener(tables);
  }

  /** Indexes first: the tracking has to see what goes to them. */
  #prepare(componentPath: string, db: MockDatabase): void {
    attachIndexes(db);
    trackDatabase(db, componentPath, (tables) => {
      this.#changed(tables);
    });
  }

  components(): ReadonlyMap<string, InstalledComponent> {
    return this.#components;
  }
  database(componentPath: string): MockDatabase | undefined {
    return this.#mock.components[componentPath]?.db;
  }
  /** An empty database with this schema, outside the deployment; for asking what the schema would accept. */
  createDatabase(schema: Schema | null): MockDatabase {
    return this.#mock.createDatabase(schema);
  }

  /** Runs `work` while no function runs and none can start. */
  async exclusively<T>(work: () => T): Promise<T> {
    let result: { value: T } | undefined;
    await this.#mock.t.query(() => {
      result = { value: work() };
      return Promise.resolve(null);
    });
    if (result === undefined) throw new Error("exclusive work did not run");
    return result.value;
  }

  /** Changes documents of the app past all of its functions, in one transaction; the schema still has its say. */
  async patchDocuments(ids: readonly string[], fields: Record<string, Value>): Promise<void> {
    await this.#mock.t.run(async ({ db }) => {
      for (const id of ids) await db.patch(id as GenericId<string>, fields);
    });
  }

  /** Makes a pushed version current. Databases stay; only their schemas and modules change. */
  async install(push: AnalyzedPush): Promise<void> {
    const next = describeComponents(push);
    await this.exclusively(() => {
      const live = this.#mock.components;
      for (const component of next.values()) {
        const fresh = this.#mock.createDatabase(component.schema);
        const modules = this.#moduleLoader(component);
        const current = live[component.path];
        if (current === undefined) {
          // The running (exclusive) transaction ends with one layer per database; give the newcomer its own.
          fresh.startTransaction();
          this.#prepare(component.path, fresh);
          live[component.path] = { db: fresh, modules };
        } else {
          current.db._schema = fresh._schema;
          current.modules = modules;
        }
      }
      for (const [path, component] of Object.entries(live)) {
        if (next.has(path)) continue;
        // Like the backend, an unmounted component keeps its data, in case it is mounted again.
        component.modules = () => Promise.reject(new Error(`Component "${path}" is not mounted.`));
      }
      this.#components = next;
      this.#updateEnvironments();
      this.#changed(null);
    });
  }

  updateEnv(changes: { name: string; value: string | null }[]): void {
    for (const { name, value } of changes) {
      if (value === null) Reflect.deleteProperty(this.env, name);
      else this.env[name] = value;
    }
    this.#updateEnvironments();
    this.#changed(null);
  }

  async call(request: CallRequest): Promise<CallResult> {
    const log: CallLog = { lines: [], open: true };
    try {
      const { componentPath, udfPath, kind } = this.#lookup(request);
      const args = jsonToConvex((request.args ?? {}) as JSONValue) as Record<string, unknown>;
      const run = this.#runner(kind, request.identity ?? null);
      const value = await withCallLog(log, () => run({ componentPath, udfPath }, args));
      return {
        ok: true,
        value: convexToJson((value ?? null) as Parameters<typeof convexToJson>[0]),
        logLines: log.lines,
      };
    } catch (error) {
      return { ok: false, ...describeError(error), logLines: log.lines };
    }
  }

  /** Runs one HTTP action of a component; rejects with what it threw. */
  async runHttpAction(
    componentPath: string,
    handler: unknown,
    request: Request,
    identity: Identity | null,
  ): Promise<Response> {
    const id = String(this.#requestCount++);
    return await new Promise<Response>((resolve, reject) => {
      this.#pendingHttp.set(id, async (ctx) => {
        // The response cannot travel through convex-test, which turns results into JSON.
        try {
          resolve(await httpHandler(handler)(ctx, request));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      const run = this.#runner("action", identity);
      run({ componentPath, udfPath: `${RUN_MODULE}:http` }, { id }).catch(reject);
    });
  }
  readonly #pendingHttp = new Map<string, (ctx: unknown) => Promise<void>>();

  #runner(kind: FunctionKind, identity: Identity | null): FromPath {
    const t = identity === null ? this.#mock.t : this.#mock.t.withIdentity(identity);
    return (t as unknown as Record<string, FromPath>)[`${kind}FromPath`]!;
  }

  #lookup(request: CallRequest): { componentPath: string; udfPath: string; kind: FunctionKind } {
    const componentPath = request.componentPath ?? "";
    if (componentPath !== "" && !request.admin) {
      throw new Error("Functions of a component can only be called directly with the admin key.");
    }
    const [modulePath = "", name = "default"] = request.udfPath.replace(/\.js(?=:|$)/, "").split(":");
    const component = this.#components.get(componentPath);
    const fn = asRegisteredFunction(component?.modules.get(modulePath)?.[name]);
    if (fn === null || (!request.admin && fn.isPublic !== true)) {
      const what = request.admin ? "function" : "public function";
      const where = componentPath === "" ? "" : ` in component '${componentPath}'`;
      throw new Error(
        `Could not find ${what} for '${modulePath}:${name}'${where}. ` +
          "Did you forget to run `npx convex dev` or `npx convex deploy`?",
      );
    }
    const kind = kindOf(fn);
    if (request.kind !== undefined && request.kind !== kind) {
      const title = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
      throw new Error(
        `Trying to execute ${modulePath}.js:${name} as ${title(request.kind)}, but it is defined as ${title(kind)}.`,
      );
    }
    return { componentPath, udfPath: `${modulePath}:${name}`, kind };
  }

  #moduleLoader(component: InstalledComponent): ModuleLoader {
    const scoped = new Map<string, Record<string, unknown>>();
    for (const [modulePath, exports] of component.modules) {
      scoped.set(
        modulePath,
        Object.fromEntries(
          Object.entries(exports).map(([name, value]) => [
            name,
            this.#scoped(component, `${modulePath}:${name}`, value),
          ]),
        ),
      );
    }
    scoped.set(RUN_MODULE, { http: this.#httpRunner(component) });
    return (path) => {
      const module = scoped.get(path);
      if (module === undefined) return Promise.reject(new Error(`Could not find module for: "${path}"`));
      return Promise.resolve(module);
    };
  }

  /** A stand-in that inherits everything from the registered function but runs its handler in our scope. */
  #scoped(component: InstalledComponent, functionName: string, value: unknown): unknown {
    const fn = asRegisteredFunction(value);
    if (fn === null) return value;
    const scope = { componentPath: component.path, functionName };
    return Object.create(fn, { _handler: { value: inScope(scope, this.logger, fn._handler) } });
  }

  #httpRunner(component: InstalledComponent): unknown {
    const handler = async (ctx: unknown, args: unknown): Promise<null> => {
      const { id } = args as { id: string };
      const run = this.#pendingHttp.get(id);
      this.#pendingHttp.delete(id);
      await run?.(ctx);
      return null;
    };
    return {
      isAction: true,
      exportArgs: () => '{"type":"any"}',
      exportReturns: () => "null",
      _handler: inScope({ componentPath: component.path, functionName: "http" }, this.logger, handler),
    };
  }

  #updateEnvironments(): void {
    setEnvironments(componentEnvironments(this.#components, this.env, this.urls));
  }
}

export function describeError(error: unknown): { errorMessage: string; errorData?: JSONValue } {
  const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const errorMessage = `[Request ID: local] Server Error\nUncaught ${name}`;
  if (typeof error === "object" && error !== null && Symbol.for("ConvexError") in error) {
    const { data } = error as ConvexError<string>;
    return { errorMessage, errorData: convexToJson(data) };
  }
  return { errorMessage };
}
