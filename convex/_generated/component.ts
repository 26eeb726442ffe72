/* eslint-disable */
/**
 * Generated `ComponentApi` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type { FunctionReference } from "convex/server";

/**
 * A utility for referencing a Convex component's exposed API.
 *
 * Useful when expecting a parameter like `components.myComponent`.
 * Usage:
 * ```ts
 * async function myFunction(ctx: QueryCtx, component: ComponentApi) {
 *   return ctx.runQuery(component.someFile.someQuery, { ...args });
 * }
 * ```
 */
export type ComponentApi<Name extends string | undefined = string | undefined> =
  {
    ingest: {
      applyChunk: FunctionReference<
        "mutation",
        "internal",
        {
          append: boolean;
          bytes: number;
          keyHashes: ArrayBuffer;
          mirror: string;
          rows: Array<{
            key: Array<any>;
            op: "upsert" | "update" | "delete";
            row?: any;
            unset?: Array<string>;
            version?: any;
          }>;
          run?: string;
          settleAfterMs: number;
          syncMode: "append" | "append_dedup" | "overwrite";
          token: string;
        },
        {
          counts: {
            deleted: number;
            ignored: number;
            inserted: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
          rows: number;
          run: string;
        },
        Name
      >;
    };
    refresh: {
      clearPage: FunctionReference<
        "mutation",
        "internal",
        { mirror: string },
        number,
        Name
      >;
    };
    registry: {
      declare: FunctionReference<
        "mutation",
        "internal",
        {
          fingerprint: string;
          handles: {
            apply: string;
            clear: string;
            page: string;
            remove: string;
          };
          mirrors: Array<{
            name: string;
            owner?: string;
            primaryKey: string;
            source: string;
            version?: string;
          }>;
        },
        null,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          generation: number;
          lastAppliedAt: string | null;
          lastError: string | null;
          name: string;
          primaryKey: string;
          reason: string;
          removed: number;
          rows: number;
          source: string;
          state: "waiting" | "snapshotting" | "upToDate" | "failed" | "removed";
          syncMode: string | null;
          total: {
            deleted: number;
            ignored: number;
            inserted: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
        }>,
        Name
      >;
      recordFailure: FunctionReference<
        "mutation",
        "internal",
        { code: string; message: string; mirror: string },
        null,
        Name
      >;
      recordUnknownStream: FunctionReference<
        "mutation",
        "internal",
        { snippet: string; stream: string; token: string },
        null,
        Name
      >;
    };
    runs: {
      begin: FunctionReference<
        "mutation",
        "internal",
        {
          mirror: string;
          openedBy: string;
          refresh: boolean;
          resume: boolean;
          settleAfterMs: number;
          syncMode: "append" | "append_dedup" | "overwrite";
          token: string;
        },
        { resumed: boolean; run: string },
        Name
      >;
      finish: FunctionReference<
        "mutation",
        "internal",
        { run: string },
        null,
        Name
      >;
    };
    tokens: {
      authenticate: FunctionReference<
        "query",
        "internal",
        { hash: string },
        null | {
          fingerprint: string | null;
          id: string;
          mirrors: Array<string>;
          name: string;
          touchDue: boolean;
        },
        Name
      >;
      create: FunctionReference<
        "mutation",
        "internal",
        {
          hash: string;
          mirrors: Array<string>;
          name: string;
          startsWith: string;
        },
        null,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          createdAt: string;
          lastUsedAt: string | null;
          mirrors: Array<string>;
          name: string;
          revokedAt: string | null;
          startsWith: string;
        }>,
        Name
      >;
      revoke: FunctionReference<
        "mutation",
        "internal",
        { name: string },
        number,
        Name
      >;
      touch: FunctionReference<
        "mutation",
        "internal",
        { token: string },
        null,
        Name
      >;
    };
  };
