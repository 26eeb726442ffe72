import { httpActionGeneric, type GenericSchema, type HttpRouter, type SchemaDefinition } from "convex/server";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { checkHashKey } from "../core/rows/hashKey.js";
import { loadScripts } from "../core/rows/transliterate.js";
import { checkPathPrefix, routesUnder } from "../http/routes.js";
import { AppExports, exportFunctions, type ExportFunctions } from "./exports.js";
import { budgetOf, type WriteBudget } from "./importing/budget.js";
import { Declaration } from "./importing/declaration.js";
import type { SessionSettings } from "./importing/session.js";
import type { AppMirrors } from "./mirrors.js";
import { operatorFunctions } from "./operatorFunctions.js";
import { tableFunctions } from "./tables/tableFunctions.js";
import { TableMirrors } from "./tables/tableMirrors.js";

// Every call of a function evaluates its modules again. So this file imports what queries and mutations need; what
// answers requests is loaded by them, which only actions can.

/**
 * How long a connector must be silent before a full refresh counts as complete, in milliseconds. `destination-convex`
 * sends no end-of-sync call; it does send something with every checkpoint of the source.
 */
const DEFAULT_SETTLE_AFTER_MS = 60_000;

/** Options of {@link StreamingImport}. */
export interface StreamingImportOptions {
  /**
   * The module that exports `internalFunctions()`. Default "imports", for `convex/imports.ts`; write
   * "import/functions" for `convex/import/functions.ts`.
   */
  module?: string;
  /**
   * How long a connector without an end-of-sync call must be silent before a full refresh counts as complete and the
   * rows that it did not deliver are deleted, in milliseconds. Default 60,000. Raise it for sources that pause longer
   * within one sync.
   */
  settleAfterMs?: number;
  /**
   * What all mirrors together may write: a class of deployment and the share of its throughput that imports may use,
   * or bytes per second. Default half of the smallest class: `{ class: "S16", share: 0.5 }`, 2 MiB/s.
   */
  writeBudget?: WriteBudget;
  /**
   * What happens to a row that cannot be stored: it waits in quarantine and its neighbours are applied (default), or
   * the request is refused with 400 before anything of it is written.
   */
  badRows?: "quarantine" | "refuse";
  /**
   * An internal mutation of the app, as "module:function", that runs for every change of a mirror's state; it gets
   * `{ mirror, from, to, reason, at }`.
   */
  onStateChange?: string;
  /** The key for fields that mirrors declare with `hash`: at least 16 characters. Another key gives other hashes. */
  hashKey?: string;
}

/** The functions that `StreamingImport.internalFunctions` makes, which lists them. */
export type InternalFunctions = ReturnType<typeof tableFunctions> &
  ExportFunctions &
  ReturnType<typeof operatorFunctions>;

/**
 * The importer of an app: receives rows from connectors and keeps the app's mirrors.
 *
 * ```ts
 * // convex/imports.ts
 * export const streamingImport = new StreamingImport(components.streamingImport, schema);
 * export const { read, write, declare, replayQuarantine } = streamingImport.internalFunctions();
 *
 * // convex/http.ts
 * const http = httpRouter();
 * streamingImport.registerRoutes(http);
 * export default http;
 * ```
 */
export class StreamingImport {
  readonly #mirrors: TableMirrors;
  readonly #exports: AppExports;
  readonly #declaration: Declaration;
  readonly #settings: SessionSettings;
  readonly #hashKey: string | undefined;
  #compiled: Promise<AppMirrors> | null = null;

  /** The module that exports `internalFunctions()`. */
  readonly module: string;

  /**
   * @param component The component: `components.streamingImport`.
   * @param schema The default export of `schema.ts`.
   * @throws Error if the schema declares neither a mirror nor an exported table, if two mirrors have one stream, or if
   * an option is wrong.
   */
  constructor(
    /** The component. */
    readonly component: ComponentApi,
    /** The schema of the app. */
    readonly schema: SchemaDefinition<GenericSchema, boolean>,
    options: StreamingImportOptions = {},
  ) {
    this.#mirrors = new TableMirrors(schema);
    this.#hashKey = options.hashKey;
    for (const { contract } of this.#mirrors.all)
      if (contract.hash.length > 0) checkHashKey(options.hashKey, contract.hash);
    this.#exports = new AppExports(schema);
    if (this.#mirrors.all.length === 0 && this.#exports.all.length === 0) {
      throw new Error(
        "StreamingImport: the schema declares no mirror. Declare one with mirrorTable(…) in schema.ts.",
      );
    }
    const budget = budgetOf(options.writeBudget);
    this.module = options.module ?? "imports";
    this.#declaration = new Declaration(
      this.#mirrors,
      this.#exports,
      this.module,
      options.onStateChange,
      budget,
    );
    this.#settings = {
      settleAfterMs: options.settleAfterMs ?? DEFAULT_SETTLE_AFTER_MS,
      budget,
      badRows: options.badRows ?? "quarantine",
    };
  }

  /**
   * The functions that an app exports from `convex/imports.ts`: what takes the app's own tables or schema. All are
   * internal, so clients cannot call them.
   *
   * - `read`, `write`: how the component reads and writes mirrors; not for calling by hand.
   * - `rows`: how the component reads exported tables; only there if the schema exports one.
   * - `declare`: updates the registry from the schema, as the first request after a deploy does.
   * - `replayQuarantine`: tries quarantined changes again; `streaming-import quarantine replay` calls it.
   *
   * Everything else is a function of the component: `streaming-import` calls it, an app calls it as
   * `components.streamingImport.registry.list`, and people can with
   * `npx convex run --component streamingImport registry:list`.
   */
  internalFunctions(): InternalFunctions {
    return {
      ...tableFunctions(this.component, this.#mirrors),
      // An app that exports no table needs no function to read its rows.
      ...((this.#exports.all.length > 0 ? exportFunctions(this.#exports) : {}) as ExportFunctions),
      ...operatorFunctions(
        this.component,
        async () => this.#appMirrors(),
        this.#declaration,
        this.#settings.budget,
      ),
    };
  }

  /**
   * Adds the import API to the app's HTTP router.
   * @param http The router that `convex/http.ts` exports.
   * @param options.pathPrefix Where to serve it, for example "/airbyte". Default: the root.
   */
  registerRoutes(http: HttpRouter, options: { pathPrefix?: string } = {}): void {
    for (const { path, prefix, method, handle } of routesUnder(checkPathPrefix(options.pathPrefix ?? ""))) {
      const handler = httpActionGeneric(async (ctx, request) => {
        const { answer } = await import("./importing/answer.js");
        const mirrors = async () => this.#appMirrors();
        return await answer(handle, request, {
          ctx,
          component: this.component,
          mirrors,
          exports: this.#exports,
          declaration: this.#declaration,
          settings: this.#settings,
        });
      });
      http.route(prefix ? { pathPrefix: path, method, handler } : { path, method, handler });
    }
  }

  /** The mirrors with what converts their rows: half of the importer, and nothing that a mutation needs. */
  #appMirrors(): Promise<AppMirrors> {
    this.#compiled ??= (async () => {
      const { AppMirrors, haveOtherScripts } = await import("./mirrors.js");
      if (haveOtherScripts(this.#mirrors.all)) await loadScripts();
      return new AppMirrors(this.schema, this.#hashKey, this.#mirrors.all);
    })();
    return this.#compiled;
  }
}
