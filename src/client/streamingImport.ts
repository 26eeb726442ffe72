import {
  httpActionGeneric,
  internalActionGeneric,
  internalMutationGeneric,
  internalQueryGeneric,
  type GenericSchema,
  type HttpRouter,
  type SchemaDefinition,
} from "convex/server";
import { v } from "convex/values";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { errorResponse, HttpError } from "../http/errors.js";
import type { Importer } from "../http/importer.js";
import { checkPathPrefix, routesUnder } from "../http/routes.js";
import type { RunsFunctions } from "./context.js";
import { Declaration } from "./declaration.js";
import { AppMirrors } from "./mirrors.js";
import { clearMirror, Session } from "./session.js";
import { tableFunctions } from "./tableFunctions.js";
import { hashToken, newToken } from "./token.js";

/**
 * How long a connector must be silent before a full refresh counts as whole, in milliseconds. `destination-convex`
 * sends no end-of-sync call; it does send something with every checkpoint of the source.
 */
const DEFAULT_SETTLE_AFTER_MS = 60_000;

export interface StreamingImportOptions {
  /**
   * The module that exports `internalFunctions()`. Default "imports", for `convex/imports.ts`; write
   * "import/functions" for `convex/import/functions.ts`.
   */
  module?: string;
  /**
   * How long a connector without an end-of-sync call must be silent before a full refresh counts as whole and stale
   * rows go, in milliseconds. Default 60,000. Raise it for sources that pause longer within one sync.
   */
  settleAfterMs?: number;
}

/**
 * The importer of an app: receives rows from connectors and keeps the app's mirrors.
 *
 * ```ts
 * // convex/imports.ts
 * export const streamingImport = new StreamingImport(components.streamingImport, schema);
 * export const { apply, page, remove, clear, declare, createToken, revokeToken, listTokens, status, clearMirror } =
 *   streamingImport.internalFunctions();
 *
 * // convex/http.ts
 * const http = httpRouter();
 * streamingImport.registerRoutes(http);
 * export default http;
 * ```
 */
export class StreamingImport {
  readonly #mirrors: AppMirrors;
  readonly #declaration: Declaration;
  readonly #settleAfterMs: number;

  /** @throws Error when the schema declares no mirror. */
  constructor(
    private readonly component: ComponentApi,
    schema: SchemaDefinition<GenericSchema, boolean>,
    options: StreamingImportOptions = {},
  ) {
    this.#mirrors = new AppMirrors(schema);
    if (this.#mirrors.all.length === 0) {
      throw new Error("StreamingImport: the schema declares no mirror. Declare one with mirrorTable(…) in schema.ts.");
    }
    this.#declaration = new Declaration(this.#mirrors, options.module ?? "imports");
    this.#settleAfterMs = options.settleAfterMs ?? DEFAULT_SETTLE_AFTER_MS;
  }

  /**
   * The functions that an app exports from `convex/imports.ts`. All are internal: clients cannot call them, people
   * can with `npx convex run imports:<name>`.
   *
   * - `apply`, `page`, `remove`, `clear`: how the component reads and writes mirrors; not for calling by hand.
   * - `declare`: shows the mirrors in the dashboard before the first row arrives.
   * - `createToken`, `revokeToken`, `listTokens`: what connectors may present.
   * - `status`: every mirror with its state and counts.
   * - `clearMirror`: empties a mirror, when its source is really empty.
   */
  internalFunctions() {
    return {
      ...tableFunctions(this.#mirrors),

      /** Brings the registry in step with the schema. The first request after a deploy does it too. */
      declare: internalMutationGeneric({
        args: {},
        returns: v.null(),
        handler: async (ctx) => {
          await this.#declaration.send(ctx, this.component);
          return null;
        },
      }),

      /**
       * Makes a token for a connector and returns it: the only time that anybody sees it.
       * `mirrors` names the mirrors that it opens; `["*"]` is all of them.
       * @throws Error for a mirror that the schema does not declare; TokenNameTaken
       */
      createToken: internalMutationGeneric({
        args: { name: v.string(), mirrors: v.array(v.string()) },
        returns: v.string(),
        handler: async (ctx, { name, mirrors }) => {
          if (mirrors.length === 0) throw new Error('createToken: name the mirrors that the token opens, or ["*"].');
          for (const mirror of mirrors) if (mirror !== "*") this.#mirrors.get(mirror);
          const { token, hash, startsWith } = newToken();
          await ctx.runMutation(this.component.tokens.create, { name, mirrors, hash, startsWith });
          return token;
        },
      }),

      /** Revokes a token by its name, at once. Returns how many were revoked: 0 when there is none of that name. */
      revokeToken: internalMutationGeneric({
        args: { name: v.string() },
        returns: v.number(),
        handler: async (ctx, { name }): Promise<number> =>
          await ctx.runMutation(this.component.tokens.revoke, { name }),
      }),

      /** All tokens, newest first: names, mirrors, first characters, last use. Never the tokens. */
      listTokens: internalQueryGeneric({
        args: {},
        handler: async (ctx) => await ctx.runQuery(this.component.tokens.list, {}),
      }),

      /** Every mirror with its state, its reason and its counts. */
      status: internalQueryGeneric({
        args: {},
        handler: async (ctx) => await ctx.runQuery(this.component.registry.list, {}),
      }),

      /** Empties a mirror. For a source that is really empty: a refresh that brings no rows removes none. */
      clearMirror: internalActionGeneric({
        args: { mirror: v.string() },
        returns: v.number(),
        handler: async (ctx, { mirror }) => await clearMirror(ctx, this.component, this.#mirrors.get(mirror).name),
      }),
    };
  }

  /**
   * Adds the import API to the app's HTTP router.
   * @param options.pathPrefix Where to serve it, for example "/airbyte". Default: the root.
   */
  registerRoutes(http: HttpRouter, options: { pathPrefix?: string } = {}): void {
    for (const { path, method, handle } of routesUnder(checkPathPrefix(options.pathPrefix ?? ""))) {
      const handler = httpActionGeneric(async (ctx, request) => {
        try {
          return await handle(this.#importer(ctx), request);
        } catch (error) {
          return errorResponse(error);
        }
      });
      http.route({ path, method, handler });
    }
  }

  #importer(ctx: RunsFunctions): Importer {
    return {
      open: async (presented) => {
        const token = await ctx.runQuery(this.component.tokens.authenticate, { hash: hashToken(presented) });
        if (token === null) {
          throw new HttpError(
            401,
            "BadAdminKey",
            "This token is unknown or revoked. Make one with `npx convex run imports:createToken` and enter it as the connector's access key.",
          );
        }
        if (token.fingerprint !== this.#declaration.fingerprint) await this.#declaration.send(ctx, this.component);
        return new Session(ctx, this.component, this.#mirrors, token, this.#settleAfterMs);
      },
    };
  }
}
