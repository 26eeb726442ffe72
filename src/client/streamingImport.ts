import {
  httpActionGeneric,
  type GenericDataModel,
  type GenericSchema,
  type HttpRouter,
  type SchemaDefinition,
} from "convex/server";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { errorResponse, HttpError } from "../http/errors.js";
import type { Exporter } from "../http/exporter.js";
import type { Importer } from "../http/importer.js";
import { readBody, tokenOf, verifySignature } from "../http/request.js";
import { checkPathPrefix, routesUnder } from "../http/routes.js";
import { hashToken, isToken } from "../core/token.js";
import { budgetOf, type WriteBudget } from "./importing/budget.js";
import { type RunsFunctions, AppMirrors } from "./mirrors.js";
import {
  dashboardFunctions,
  type DashboardFunctions,
  type DashboardOptions,
} from "./operations/dashboard.js";
import { ReaderSession } from "./exporting/exportSession.js";
import { AppExports, exportFunctions, type ExportFunctions } from "./exports.js";
import { Declaration } from "./importing/declaration.js";
import { operatorFunctions } from "./operations/operatorFunctions.js";
import { unlessBusy } from "./importing/retry.js";
import { Session, type SessionSettings } from "./importing/session.js";
import { tableFunctions } from "./tables/tableFunctions.js";

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
   * How long a connector without an end-of-sync call must be silent before a full refresh counts as complete and stale
   * rows go, in milliseconds. Default 60,000. Raise it for sources that pause longer within one sync.
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
  /** Key for columns that mirrors declare with `hash`: any text, the longer the better. */
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
  readonly #mirrors: AppMirrors;
  readonly #exports: AppExports;
  readonly #declaration: Declaration;
  readonly #settings: SessionSettings;
  readonly #module: string;

  /** @throws Error when the schema declares no mirror, or an option makes no sense. */
  constructor(
    private readonly component: ComponentApi,
    schema: SchemaDefinition<GenericSchema, boolean>,
    options: StreamingImportOptions = {},
  ) {
    this.#mirrors = new AppMirrors(schema, options.hashKey);
    this.#exports = new AppExports(schema);
    if (this.#mirrors.all.length === 0 && this.#exports.all.length === 0) {
      throw new Error(
        "StreamingImport: the schema declares no mirror. Declare one with mirrorTable(…) in schema.ts.",
      );
    }
    const budget = budgetOf(options.writeBudget);
    this.#module = options.module ?? "imports";
    this.#declaration = new Declaration(
      this.#mirrors,
      this.#exports,
      this.#module,
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
      ...operatorFunctions(this.component, this.#mirrors, this.#declaration, this.#settings.budget),
    };
  }

  /**
   * The public functions that status pages use, those of `convex-streaming-import/react` first of all. The app says who
   * may; there is no default.
   *
   * ```ts
   * // convex/operations.ts
   * export const { importStatus, mirrorStatus, runs, samples, drift, quarantine, replay, discard, pause, resume, sweep } =
   *   streamingImport.dashboardFunctions({
   *     authorize: async (ctx: QueryCtx, { access }) => {
   *       const user = await ctx.auth.getUserIdentity();
   *       return user !== null && (access === "view" || user.role === "operator");
   *     },
   *   });
   * ```
   *
   * - Queries: `importStatus`, `mirrorStatus`, `runs`, `samples`, `drift`, `unknownStreams`, `reached`; for operators
   *   `quarantine` and `auditReport`, which show rows and keys.
   * - Mutations, for operators: `replay`, `discard`, `pause`, `resume`, `sweep`, `audit`, `repair`, `forgetDrift`,
   *   `forgetStream`.
   *   `replay` runs `replayQuarantine` of the module that exports `internalFunctions()`.
   *
   * @throws Error without `authorize`.
   */
  dashboardFunctions<DataModel extends GenericDataModel>(
    options: DashboardOptions<DataModel>,
  ): DashboardFunctions {
    return dashboardFunctions(this.component, this.#mirrors, this.#module, options);
  }

  /**
   * Adds the import API to the app's HTTP router.
   * @param http The router that `convex/http.ts` exports.
   * @param options.pathPrefix Where to serve it, for example "/airbyte". Default: the root.
   */
  registerRoutes(http: HttpRouter, options: { pathPrefix?: string } = {}): void {
    for (const { path, prefix, method, handle } of routesUnder(checkPathPrefix(options.pathPrefix ?? ""))) {
      const handler = httpActionGeneric(async (ctx, request) => {
        try {
          return await handle(this.#importer(ctx), request);
        } catch (error) {
          return errorResponse(error);
        }
      });
      http.route(prefix ? { pathPrefix: path, method, handler } : { path, method, handler });
    }
  }

  #importer(ctx: RunsFunctions): Importer & Exporter {
    const authenticate = async (request: Request, maxBodyBytes?: number) => {
      const presented = tokenOf(request);
      // What is no token costs no query.
      const token = isToken(presented)
        ? await ctx.runQuery(this.component.tokens.authenticate, {
            hash: hashToken(presented),
            nowMs: Date.now(),
          })
        : null;
      if (token === null) {
        throw new HttpError(
          401,
          "BadAdminKey",
          "This token is unknown, revoked or expired. Make one with `npx streaming-import token create` and enter it as the connector's access key.",
        );
      }
      const body = await readBody(request, maxBodyBytes);
      if (token.signingKey !== null) verifySignature(request, body, token.signingKey, Date.now());
      if (token.useDue)
        await unlessBusy(async () =>
          ctx.runMutation(this.component.tokens.touch, { token: token.id, sending: false }),
        );
      if (token.fingerprint !== this.#declaration.fingerprint)
        await this.#declaration.send(ctx, this.component);
      return { token, body };
    };
    return {
      open: async (request, maxBodyBytes) => {
        const { token, body } = await authenticate(request, maxBodyBytes);
        const { access } = token;
        if (access === "export") {
          throw new HttpError(
            403,
            "OperationNotPermitted",
            `The token "${token.name}" is for export; it opens no mirror. Make one for the import.`,
          );
        }
        return new Session(ctx, this.component, this.#mirrors, { ...token, access }, this.#settings, body);
      },
      openExport: async (request) => {
        const { token, body } = await authenticate(request);
        return new ReaderSession(ctx, this.component, this.#exports, token, body);
      },
    };
  }
}
