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
    access: {
      authenticate: FunctionReference<
        "query",
        "internal",
        { hash: string; nowMs: number },
        null | {
          access: "write" | "read" | "export";
          debt: {
            now: { at: number; bytes: number };
            settled: { at: number; bytes: number };
          };
          fingerprint: string | null;
          id: string;
          mirrors: Array<string>;
          name: string;
          signingKey: string | null;
          toClear: Array<Array<string>>;
          touchDue: boolean;
          useDue: boolean;
        },
        Name
      >;
    };
    audit: {
      repair: FunctionReference<
        "mutation",
        "internal",
        { mirror: string; removeAdded?: boolean },
        { askedAgain: number; left: number; removed: number },
        Name
      >;
      report: FunctionReference<
        "query",
        "internal",
        { mirror: string },
        null | {
          all: boolean;
          differingBuckets: Array<number>;
          findings: Array<{
            key: string | null;
            kind: "edited" | "added" | "removed";
          }>;
          finishedAt: string | null;
          reason: string;
          rows: number;
          startedAt: string;
          state: string;
        },
        Name
      >;
      start: FunctionReference<
        "mutation",
        "internal",
        { mirror: string },
        null,
        Name
      >;
    };
    capability: {
      check: FunctionReference<
        "query",
        "internal",
        { secret: string },
        boolean,
        Name
      >;
    };
    changeFeed: {
      record: FunctionReference<
        "mutation",
        "internal",
        {
          changes: Array<{
            deleted: Array<string>;
            table: string;
            written: Array<string>;
          }>;
        },
        null,
        Name
      >;
      setKnown: FunctionReference<
        "mutation",
        "internal",
        { known: boolean; table: string },
        null,
        Name
      >;
      tables: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          declaredAt: string;
          kind: "mirror" | "app";
          known: boolean;
          table: string;
        }>,
        Name
      >;
    };
    exportReaders: {
      changes: FunctionReference<
        "query",
        "internal",
        {
          cursor: bigint;
          limit: number;
          maxBytes: number;
          tables: Array<string>;
        },
        {
          changes: Array<{ at: bigint; id: string; row: any; table: string }>;
          cursor: bigint;
          hasMore: boolean;
          rest: Array<{ ids: Array<string>; table: string }>;
          snapshot: bigint;
        },
        Name
      >;
      rows: FunctionReference<
        "query",
        "internal",
        { ids: Array<string>; maxBytes: number; table: string },
        { read: number; rows: Array<any> },
        Name
      >;
      snapshotPage: FunctionReference<
        "query",
        "internal",
        {
          cursor: string | null;
          limit: number;
          maxBytes: number;
          snapshot: bigint | null;
          table: string | null;
        },
        { cursor: string | null; rows: Array<any>; snapshot: bigint },
        Name
      >;
    };
    ingest: {
      applyChunk: FunctionReference<
        "mutation",
        "internal",
        {
          bad: Array<{
            code: string;
            encoding: "json" | "convex" | "stored";
            key?: string;
            keyHash?: bigint;
            message: string;
            op: string;
            payload: string;
            position: number;
            version?: any;
            whole: boolean;
          }>;
          budget: { bytesPerSecond: number };
          bytes: number;
          committedAt?: number;
          debt: {
            now: { at: number; bytes: number };
            settled: { at: number; bytes: number };
          };
          filtered: number;
          keylessRefresh: "content" | "append";
          mirror: string;
          noted?: number;
          notes: Array<{
            field: string;
            from: string;
            kind: string;
            sample: string;
            times: number;
            to?: string;
          }>;
          place?: {
            content: string;
            identity: string;
            offset: number;
            sequence: number;
            size: number;
          };
          reach?: { position?: string; upTo?: string };
          rows: {
            count: number;
            deletions: number;
            keyHashes: ArrayBuffer;
            text: string;
          };
          run?: string;
          settleAfterMs: number;
          syncMode?: "append" | "append_dedup" | "overwrite";
          token: string;
        },
        {
          counts: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
          quarantinedKeys: Array<string>;
          replayed: boolean;
          rows: number;
          run: string;
          syncMode: "append" | "append_dedup" | "overwrite";
          total: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
          waitMs: number;
          written: number;
        },
        Name
      >;
    };
    mirror: {
      keys: {
        page: FunctionReference<
          "query",
          "internal",
          {
            below?: { path: string; value: number };
            cursor: string | null;
            limit: number;
            mirror: string;
          },
          { cursor: string | null; keys: Array<Array<any>> },
          Name
        >;
      };
      samples: {
        list: FunctionReference<
          "query",
          "internal",
          { mirror: string },
          Array<{
            at: string;
            lagMs: number | null;
            quarantined: number;
            received: number;
            rows: number;
          }>,
          Name
        >;
      };
      watermark: {
        reached: FunctionReference<
          "query",
          "internal",
          {
            mirror: string;
            target:
              | { time: string }
              | { position: string }
              | { run: string; sequence?: number };
          },
          {
            position: string | null;
            quarantined: number | null;
            reached: boolean;
            reason: string;
            upTo: string | null;
          },
          Name
        >;
      };
    };
    quarantine: {
      discard: FunctionReference<
        "mutation",
        "internal",
        { ids?: Array<string>; mirror: string },
        number,
        Name
      >;
      discardReason: FunctionReference<
        "mutation",
        "internal",
        { mirror: string; reason: string },
        number,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        { after?: string; mirror: string; reason?: string },
        Array<{
          code: string;
          cursor: string;
          encoding: "json" | "convex" | "stored";
          id: string;
          key: string | null;
          message: string;
          mirror: string;
          op: string;
          payload: string;
          reason: string;
          receivedAt: string;
          whole: boolean;
        }>,
        Name
      >;
      refuseAgain: FunctionReference<
        "mutation",
        "internal",
        { code: string; id: string; message: string },
        null,
        Name
      >;
      replay: FunctionReference<
        "mutation",
        "internal",
        {
          budget: { bytesPerSecond: number };
          id: string;
          match: "key" | "append" | "content";
          rows: {
            count: number;
            deletions: number;
            keyHashes: ArrayBuffer;
            text: string;
          };
        },
        null | {
          deleted: number;
          ignored: number;
          inserted: number;
          quarantined: number;
          received: number;
          stale: number;
          unchanged: number;
          updated: number;
        },
        Name
      >;
      rewrite: FunctionReference<
        "mutation",
        "internal",
        { id: string; payload: string },
        null,
        Name
      >;
    };
    readers: {
      list: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          client: string | null;
          lastPageAt: string;
          lastRows: number;
          retention: "kept" | "ending" | "lost";
          state: "snapshotting" | "snapshotRead" | "reading" | "upToDate";
          tables: string;
          token: string;
          unreadSince: string | null;
        }>,
        Name
      >;
      note: FunctionReference<
        "mutation",
        "internal",
        {
          atEnd: boolean;
          client: string | null;
          cursor: bigint;
          kind: "snapshot" | "changes";
          rows: number;
          sync?: { id: string; status: string };
          tables: Array<string>;
          token: string;
        },
        null,
        Name
      >;
      syncs: FunctionReference<
        "query",
        "internal",
        { token: string },
        Array<{ id: string; lastPageAt: string; status: string }>,
        Name
      >;
    };
    reconcile: {
      start: FunctionReference<
        "mutation",
        "internal",
        { table?: string },
        Array<string>,
        Name
      >;
    };
    registry: {
      declare: FunctionReference<
        "mutation",
        "internal",
        {
          budget: { bytesPerSecond: number };
          exported?: Array<{ kind: "mirror" | "app"; table: string }>;
          fingerprint: string;
          handles: {
            onStateChange?: string;
            read: string;
            rows?: string;
            write: string;
          };
          mirrors: Array<{
            deletes: string;
            expectEveryMs?: number;
            keyed: boolean;
            name: string;
            owner?: string;
            policy: string;
            primaryKey: string;
            shrinkLimit?: number;
            source: string;
            version?: string;
          }>;
        },
        null,
        Name
      >;
      get: FunctionReference<
        "query",
        "internal",
        { mirror: string },
        null | {
          copied: number;
          deletes: string;
          drift: number;
          epoch: number;
          expectEveryMs: number | null;
          generation: number;
          held: string | null;
          hint: string;
          lagMs: number | null;
          lastAppliedAt: string | null;
          lastError: string | null;
          lastHeardAt: string | null;
          lastRun: string | null;
          name: string;
          owner: string | null;
          policy: string;
          primaryKey: string;
          quarantined: number;
          reason: string;
          removed: number;
          resending: boolean;
          rows: number;
          run: null | {
            generation: number | null;
            id: string;
            received: number;
            startedAt: string;
            state:
              | "running"
              | "sweeping"
              | "held"
              | "complete"
              | "incomplete"
              | "superseded";
            swept: number;
            syncMode: "append" | "append_dedup" | "overwrite";
          };
          running: boolean;
          source: string;
          state:
            | "waiting"
            | "snapshotting"
            | "upToDate"
            | "rowsWaiting"
            | "sweepHeld"
            | "late"
            | "stale"
            | "paused"
            | "failed"
            | "removed";
          syncMode: string | null;
          total: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
        },
        Name
      >;
      heartbeat: FunctionReference<
        "mutation",
        "internal",
        { mirrors: Array<string>; token: string },
        null,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        { exact?: boolean },
        Array<{
          copied: number;
          deletes: string;
          drift: number;
          epoch: number;
          expectEveryMs: number | null;
          generation: number;
          held: string | null;
          hint: string;
          lagMs: number | null;
          lastAppliedAt: string | null;
          lastError: string | null;
          lastHeardAt: string | null;
          lastRun: string | null;
          name: string;
          owner: string | null;
          policy: string;
          primaryKey: string;
          quarantined: number;
          reason: string;
          removed: number;
          resending: boolean;
          rows: number;
          run: null | {
            generation: number | null;
            id: string;
            received: number;
            startedAt: string;
            state:
              | "running"
              | "sweeping"
              | "held"
              | "complete"
              | "incomplete"
              | "superseded";
            swept: number;
            syncMode: "append" | "append_dedup" | "overwrite";
          };
          running: boolean;
          source: string;
          state:
            | "waiting"
            | "snapshotting"
            | "upToDate"
            | "rowsWaiting"
            | "sweepHeld"
            | "late"
            | "stale"
            | "paused"
            | "failed"
            | "removed";
          syncMode: string | null;
          total: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
        }>,
        Name
      >;
      pause: FunctionReference<
        "mutation",
        "internal",
        { mirror: string; reason?: string },
        null,
        Name
      >;
      recordFailure: FunctionReference<
        "mutation",
        "internal",
        { code: string; message: string; mirror: string; reason: string },
        null,
        Name
      >;
      resume: FunctionReference<
        "mutation",
        "internal",
        { mirror: string },
        null,
        Name
      >;
    };
    runs: {
      begin: FunctionReference<
        "mutation",
        "internal",
        {
          attempt?: number;
          epoch?: number;
          explicit: boolean;
          mirror: string;
          openedBy: string;
          refresh: null | {
            again?: boolean;
            counter?: string;
            generation: number | null;
          };
          resume: boolean;
          settleAfterMs: number;
          syncMode: "append" | "append_dedup" | "overwrite";
          token: string;
        },
        {
          continued: boolean;
          epoch: number;
          generation: number | null;
          nextSequence: number;
          resend: Array<string>;
          resumed: boolean;
          run: string;
        },
        Name
      >;
      cutOff: FunctionReference<
        "mutation",
        "internal",
        { reason: string; run: string },
        null,
        Name
      >;
      finish: FunctionReference<
        "mutation",
        "internal",
        {
          allowShrink?: boolean;
          outcome: "complete" | "incomplete";
          reach?: { position?: string; upTo?: string };
          reason: string;
          run: string;
        },
        {
          counts: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
          reason: string;
          state:
            | "running"
            | "sweeping"
            | "held"
            | "complete"
            | "incomplete"
            | "superseded";
        },
        Name
      >;
      get: FunctionReference<
        "query",
        "internal",
        { run: string },
        null | { id: string; mirror: string },
        Name
      >;
      history: FunctionReference<
        "query",
        "internal",
        { before?: number; limit?: number; mirror: string },
        Array<{
          bytes: number;
          chunks: number;
          counts: {
            deleted: number;
            ignored: number;
            inserted: number;
            quarantined: number;
            received: number;
            stale: number;
            unchanged: number;
            updated: number;
          };
          epoch: number;
          finishedAt: string | null;
          generation: number | null;
          id: string;
          lastDeliveryAt: string | null;
          openedBy: string;
          reason: string;
          startedAt: string;
          state:
            | "running"
            | "sweeping"
            | "held"
            | "complete"
            | "incomplete"
            | "superseded";
          swept: number;
          syncMode: "append" | "append_dedup" | "overwrite";
        }>,
        Name
      >;
      resetGeneration: FunctionReference<
        "mutation",
        "internal",
        { mirror: string },
        null,
        Name
      >;
      sweep: FunctionReference<
        "mutation",
        "internal",
        { mirror: string },
        boolean,
        Name
      >;
      unannounced: FunctionReference<
        "query",
        "internal",
        { token: string },
        Array<string>,
        Name
      >;
    };
    tokens: {
      create: FunctionReference<
        "mutation",
        "internal",
        {
          access?: "write" | "read" | "export";
          expiresInDays?: number;
          mirrors: Array<string>;
          name: string;
          signed?: boolean;
        },
        string,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          access: "write" | "read" | "export";
          createdAt: string;
          endReason: string | null;
          endsAt: string | null;
          lastUsedAt: string | null;
          mirrors: Array<string>;
          name: string;
          signed: boolean;
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
      rotate: FunctionReference<
        "mutation",
        "internal",
        { name: string; overlapHours?: number; signed?: boolean },
        string,
        Name
      >;
      setToClear: FunctionReference<
        "mutation",
        "internal",
        { mirrors: Array<string>; named: boolean; token: string },
        null,
        Name
      >;
      touch: FunctionReference<
        "mutation",
        "internal",
        { sending: boolean; token: string },
        null,
        Name
      >;
    };
    unknownStreams: {
      forgetStream: FunctionReference<
        "mutation",
        "internal",
        { stream: string },
        null,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {},
        Array<{
          firstSeenAt: string;
          lastSeenAt: string;
          snippet: string;
          stream: string;
          times: number;
        }>,
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
    write: {
      budget: {
        balance: FunctionReference<
          "query",
          "internal",
          {},
          {
            at: number;
            balance: number;
            bytesPerSecond: number;
            capacity: number;
          },
          Name
        >;
        debt: FunctionReference<
          "query",
          "internal",
          {},
          {
            now: { at: number; bytes: number };
            settled: { at: number; bytes: number };
          },
          Name
        >;
        note: FunctionReference<
          "mutation",
          "internal",
          {
            bytes: number;
            debt: {
              now: { at: number; bytes: number };
              settled: { at: number; bytes: number };
            };
            mirror: string;
          },
          number,
          Name
        >;
      };
      clear: {
        clear: FunctionReference<
          "action",
          "internal",
          { mirror: string },
          number,
          Name
        >;
        clearPage: FunctionReference<
          "mutation",
          "internal",
          { limit: number; mirror: string },
          number,
          Name
        >;
      };
      digests: {
        get: FunctionReference<
          "query",
          "internal",
          { mirror: string },
          ArrayBuffer,
          Name
        >;
        verify: FunctionReference<
          "query",
          "internal",
          { digest: ArrayBuffer; mirror: string },
          { differingBuckets: Array<number>; equal: boolean; rows: number },
          Name
        >;
      };
      drift: {
        forget: FunctionReference<
          "mutation",
          "internal",
          { mirror: string },
          null,
          Name
        >;
        list: FunctionReference<
          "query",
          "internal",
          { mirror: string },
          Array<{
            field: string;
            firstSeenAt: string;
            from: string;
            kind: string;
            lastSeenAt: string;
            mirror: string;
            sample: string;
            times: number;
            to: string | null;
          }>,
          Name
        >;
      };
      reasons: {
        list: FunctionReference<
          "query",
          "internal",
          { mirror: string },
          Array<{
            changes: number;
            code: string;
            field: string | null;
            firstAt: string;
            found: string | null;
            reason: string;
          }>,
          Name
        >;
      };
    };
  };
