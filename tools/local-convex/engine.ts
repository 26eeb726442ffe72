/**
 * The deployment itself: one convex-test instance that lives as long as the server. A push exchanges the modules and
 * schemas inside it, so documents, ids, function handles and scheduled functions survive.
 */
import { convexToJson, type GenericId, type JSONValue, jsonToConvex, type Value } from "convex/values";
import type { UserIdentity } from "convex/server";
import type { AnalyzedPush } from "./analyze.js";
import { componentEnvironments, describeComponents, type InstalledComponent } from "./components.js";
import { attachIndexes } from "./indexes.js";
import { answerSyscalls, checkArguments, installLimits, limitDocuments } from "./limits.js";
import {
  createMock,
  type FromPath,
  type FunctionPath,
  type Mock,
  type MockDatabase,
  type ModuleLoader,
  type Schema,
  type WriteLayer,
} from "./mock.js";
import { CRASH, crashed, DEFAULT_GAP_MS, Optimistic } from "./optimistic.js";
import { type DocumentChange, noteFunction, noteRange, runAs } from "./readSet.js";
import { FreshModules } from "./freshModules.js";
import { asRegisteredFunction, asRouter, type FunctionKind, httpHandler, kindOf } from "./registered.js";
import type { Route } from "./site.js";
import { Scheduler } from "./scheduler.js";
import {
  type CallLog,
  type Env,
  type FunctionLogger,
  inScope,
  setEnvironments,
  withCallLog,
} from "./scope.js";
import { trackDatabase } from "./tracking.js";
import { describeError, PlatformError } from "./uncaught.js";

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
  | {
      ok: false;
      errorMessage: string;
      errorData?: JSONValue;
      logLines: string[];
      /** A refusal of the platform, which is no answer of the function: too many writes, or a race lost for good. */
      code?: string;
      status?: number;
    };

/** A module every component gets, through which HTTP actions run in that component's context. */
const RUN_MODULE = "__localConvex/run";

export interface EngineOptions {
  urls: { cloud: string; site: string };
  logger: FunctionLogger;
  /** Mutations run against snapshots, conflict and are retried, and refuse to begin above the write throughput. */
  optimistic?: boolean;
  /** How long a commit, and an answer to an action, takes at most. */
  gapMs?: number;
  /** Seconds that the database may take for a query or mutation: 15, as on the backend, unless told. */
  systemSeconds?: number;
  /** Each call evaluates its modules again. */
  freshContext?: boolean;
}

/** Seconds that a query or mutation may take. */
const CPU_SECONDS = 1;
const SYSTEM_SECONDS = 15;

/** How often a scheduled mutation that lost all its races is taken up again: on the backend, until it succeeds. */
const SCHEDULED_TRIES = 50;

/** The validators of functions, as JSON, by name. */
type Validators = Map<string, { args: string; returns: string }>;

/** An action's ctx, as far as calls of other functions leave from it. */
interface ActionCtx {
  runQuery: (...args: unknown[]) => Promise<unknown>;
  runMutation: (...args: unknown[]) => Promise<unknown>;
  runAction: (...args: unknown[]) => Promise<unknown>;
}

export class Engine {
  readonly #mock: Mock = createMock({ transactionLimits: true });
  /** Null when transactions run one after another. */
  readonly optimistic: Optimistic | null;
  readonly #scheduler: Scheduler;
  readonly #freshContext: boolean;
  readonly #systemSeconds: number;
  /** In fresh-context mode, the modules of each component. */
  readonly #fresh = new Map<string, FreshModules>();
  readonly logger: FunctionLogger;
  readonly urls: { cloud: string; site: string };
  readonly env: Env = {};
  /** Called with the tables a transaction wrote, or null when anything may have changed. */
  readonly changeListeners = new Set<(tables: ReadonlySet<string> | null) => void>();
  #lastCommit = 0n;
  #components = new Map<string, InstalledComponent>();
  #requestCount = 0;
  /** Ends with a crash. */
  #life = new AbortController();

  constructor(options: EngineOptions) {
    this.urls = options.urls;
    this.logger = options.logger;
    this.optimistic =
      options.optimistic === true
        ? new Optimistic(options.gapMs ?? DEFAULT_GAP_MS, (...args) => this.#applyWrites(...args))
        : null;
    this.#freshContext = options.freshContext === true;
    this.#systemSeconds = options.systemSeconds ?? SYSTEM_SECONDS;
    installLimits();
    this.#scheduler = new Scheduler({
      runScheduled: (functionPath, args) => this.#runScheduled(functionPath, args),
      inComponent: (componentPath, work) => this.#inComponent(componentPath, work),
      database: (componentPath) => this.database(componentPath),
      logger: options.logger,
    });
    answerSyscalls(this.#scheduler.answer);
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

  /** Indexes first: the tracking has to see what is sent to them. */
  #prepare(componentPath: string, db: MockDatabase): void {
    attachIndexes(db, (read) => {
      noteRange(componentPath, read);
    });
    limitDocuments(db);
    trackDatabase(db, componentPath, (changes) => {
      this.#committed(changes);
    });
  }
  #committed(changes: readonly DocumentChange[]): void {
    this.optimistic?.committed(changes);
    this.#scheduler.committed(changes);
    this.#changed(new Set(changes.map(({ componentPath, table }) => `${componentPath}:${table}`)));
  }

  /** One transaction that commits at once. */
  async #inComponent(componentPath: string, work: (db: MockDatabase) => void): Promise<void> {
    await runAs(null, () =>
      this.#mock.runInComponent(componentPath, () => {
        work(this.database(componentPath)!);
        return Promise.resolve(null);
      }),
    );
  }

  async #applyWrites(writes: ReadonlyMap<string, WriteLayer>, isCurrent: () => boolean): Promise<void> {
    await this.#inComponent("", () => {
      if (!isCurrent()) return;
      for (const [path, layer] of writes) {
        for (const [id, document] of Object.entries(layer)) this.database(path)?._addWrite(id, document);
      }
    });
  }

  #mutation<T>(run: () => Promise<T>): Promise<T> {
    return this.optimistic === null ? run() : this.optimistic.run(run);
  }

  async #runScheduled(path: FunctionPath, args: Record<string, unknown>): Promise<unknown> {
    const { kind } = this.#lookup({ ...path, args, admin: true });
    const run = this.#runner(kind, null);
    if (kind !== "mutation") return await this.#untilCrash(run(path, args));
    for (let lost = 0; ;) {
      try {
        return await this.#mutation(() => run(path, args));
      } catch (error) {
        if (!(error instanceof PlatformError) || error.status === undefined) throw error;
        // A crash is no race that it has lost.
        if (error.code !== CRASH) lost += 1;
        if (lost === SCHEDULED_TRIES) throw error;
      }
    }
  }

  close(): void {
    this.#scheduler.close();
  }

  /**
   * Everything that runs dies at once, as when the machines go that run functions. What has committed stays. Scheduled
   * mutations run again, actions do not. Only in optimistic mode.
   */
  crash(): void {
    this.optimistic?.crash();
    const life = this.#life;
    this.#life = new AbortController();
    life.abort();
  }

  async #untilCrash<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#life;
    const end = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(crashed());
      });
    });
    return await Promise.race([work, end]);
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
      checkArguments(udfPath, request.args);
      const args = jsonToConvex((request.args ?? {}) as JSONValue) as Record<string, unknown>;
      const run = this.#runner(kind, request.identity ?? null);
      const call = () => run({ componentPath, udfPath }, args);
      const value = await withCallLog(log, () => (kind === "mutation" ? this.#mutation(call) : call()));
      return {
        ok: true,
        value: convexToJson((value ?? null) as Parameters<typeof convexToJson>[0]),
        logLines: log.lines,
      };
    } catch (error) {
      const refusal = error instanceof PlatformError ? { code: error.code, status: error.status } : {};
      return { ok: false, ...describeError(error), ...refusal, logLines: log.lines };
    }
  }

  /** Runs one HTTP action of a component; rejects with what it threw. */
  async runHttpAction(
    { componentPath, handler, path }: Route,
    request: Request,
    identity: Identity | null,
  ): Promise<Response> {
    const id = String(this.#requestCount++);
    return await new Promise<Response>((resolve, reject) => {
      this.#pendingHttp.set(id, async (ctx) => {
        // The response cannot travel through convex-test, which turns results into JSON.
        try {
          const fresh = this.#fresh.get(componentPath);
          const router =
            fresh === undefined ? null : asRouter((await fresh.load("http", { inAction: true })).default);
          const current = router === null ? handler : router.lookup(path, request.method)?.[0];
          resolve(await httpHandler(current)(ctx, request));
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
    const validators: Validators = new Map();
    const scopedModule = (modulePath: string, exports: Record<string, unknown>, call = { inAction: false }) =>
      Object.fromEntries(
        Object.entries(exports).map(([name, value]) => [
          name,
          this.#scoped(component, `${modulePath}:${name}`, value, call, validators),
        ]),
      );
    const scoped = new Map<string, Record<string, unknown>>();
    for (const [modulePath, exports] of component.modules) {
      scoped.set(modulePath, scopedModule(modulePath, exports));
    }
    const fresh = this.#freshContext ? new FreshModules(component.directory) : undefined;
    if (fresh !== undefined) this.#fresh.set(component.path, fresh);
    scoped.set(RUN_MODULE, { http: this.#httpRunner(component) });
    return (path) => {
      const module = scoped.get(path);
      if (module === undefined) return Promise.reject(new Error(`Could not find module for: "${path}"`));
      if (fresh === undefined || path === RUN_MODULE) return Promise.resolve(module);
      const call = { inAction: false };
      return fresh.load(path, call).then((exports) => scopedModule(path, exports, call));
    };
  }

  /** A stand-in that inherits everything from the registered function but runs its handler in our scope. */
  #scoped(
    component: InstalledComponent,
    functionName: string,
    value: unknown,
    call: { inAction: boolean },
    validators: Validators,
  ): unknown {
    const fn = asRegisteredFunction(value);
    if (fn === null) return value;
    // As on the backend, those of the push count: no call asks its module for them.
    const known = validators.get(functionName) ?? { args: fn.exportArgs(), returns: fn.exportReturns() };
    validators.set(functionName, known);
    const isAction = kindOf(fn) === "action";
    const scope = {
      componentPath: component.path,
      functionName,
      ...(!isAction && { limits: { cpu: CPU_SECONDS, system: this.#systemSeconds } }),
    };
    const own = fn._handler;
    const handler = (ctx: unknown, args: unknown) => {
      call.inAction = isAction;
      noteFunction(component.path, functionName);
      return own(isAction ? this.#actionCtx(ctx) : ctx, args);
    };
    return Object.create(fn, {
      _handler: { value: inScope(scope, this.logger, handler) },
      exportArgs: { value: () => known.args },
      exportReturns: { value: () => known.returns },
    });
  }

  /** In optimistic mode, each call that an action makes gives others a turn, before it and before its answer. */
  #actionCtx(ctx: unknown): unknown {
    const { optimistic } = this;
    if (optimistic === null) return ctx;
    const { runQuery, runMutation, runAction, ...rest } = ctx as ActionCtx;
    const { signal } = this.#life;
    const turn = async (): Promise<void> => {
      await optimistic.turn();
      // The action is dead: it does nothing any more, not even fail.
      if (signal.aborted) await new Promise<never>(() => undefined);
    };
    const step =
      (run: ActionCtx["runQuery"]): ActionCtx["runQuery"] =>
      async (...args) => {
        await turn();
        try {
          return await run(...args);
        } finally {
          await turn();
        }
      };
    return {
      ...rest,
      runQuery: step(runQuery),
      runMutation: step((...args) => optimistic.run(() => runMutation(...args))),
      runAction,
    };
  }

  #httpRunner(component: InstalledComponent): unknown {
    const handler = async (ctx: unknown, args: unknown): Promise<null> => {
      const { id } = args as { id: string };
      const run = this.#pendingHttp.get(id);
      this.#pendingHttp.delete(id);
      await run?.(this.#actionCtx(ctx));
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
