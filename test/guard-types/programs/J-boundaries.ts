// Between guarded and raw: nothing leaks back through a helper, in either direction.
import type { GuardedCtx, GuardedDatabaseWriter, GuardedMutationCtx } from "convex-streaming-import/guard";
import type { MirrorTableNames } from "convex-streaming-import/schema";
import type { DataModel } from "./app/_generated/dataModel.js";
import type {
  DatabaseReader,
  DatabaseWriter as RawWriter,
  MutationCtx as RawCtx,
  QueryCtx,
} from "./app/_generated/server.js";
import type { DatabaseWriter, MutationCtx } from "./app/functions.js";
import type schema from "./app/schema.js";

declare const guardedDb: DatabaseWriter;
declare const rawDb: RawWriter;
declare const guardedCtx: MutationCtx;
declare const rawCtx: RawCtx;

// case J01 guarded-ctx-to-raw-helper (bad)
declare function rawHelper(ctx: RawCtx): void;
// expect: error TS2345 "MutationCtx"
rawHelper(guardedCtx);

// case J02 guarded-db-as-raw (bad)
// expect: error TS2322 "DatabaseWriter"
export const j02: RawWriter = guardedDb;

// case J03 guarded-method-as-raw (bad)
// expect: error TS2322 "is not assignable to type 'Pick<"
export const j03insert: Pick<RawWriter, "insert"> = guardedDb;
// expect: error TS2322 "is not assignable to type 'Pick<"
export const j03patch: Pick<RawWriter, "patch"> = guardedDb;
// expect: error TS2322 "is not assignable to type 'Pick<"
export const j03replace: Pick<RawWriter, "replace"> = guardedDb;
// expect: error TS2322 "is not assignable to type 'Pick<"
export const j03delete: Pick<RawWriter, "delete"> = guardedDb;

// case J04 raw-db-as-guarded (bad)
// expect: error TS2322|TS2741 "'[guarded]' is missing"
export const j04: DatabaseWriter = rawDb;

// case J05 raw-ctx-to-guarded-helper (bad)
declare function guardedHelper(ctx: MutationCtx): void;
// expect: error TS2345 "'[guarded]' is missing"
guardedHelper(rawCtx);

// case J06 guards-of-different-tables (bad)
declare const guardsOrders: GuardedDatabaseWriter<DataModel, "orders">;
// expect: error TS2322 "GuardedDatabaseWriter<"
export const j06a: DatabaseWriter = guardsOrders;
// expect: error TS2322 "GuardedDatabaseWriter<"
export const j06b: GuardedDatabaseWriter<DataModel, "orders"> = guardedDb;

// case J07 guarded-reads (clean)
export const j07ctx: QueryCtx = guardedCtx;
export const j07db: DatabaseReader = guardedDb;

// case J08 two-ways-to-name-the-ctx (clean)
type Spelled = GuardedMutationCtx<DataModel, MirrorTableNames<typeof schema>>;
export const j08a: Spelled = guardedCtx;
export const j08b: GuardedCtx<typeof schema> = null! as Spelled;

// case J09 hidden-table (bad)
// expect: error TS2339 "Property 'table' does not exist"
guardedDb.table("customers");

// case J10 no-such-table (bad)
// expect: error TS2345 "Name a table of the schema that is not a mirror"
void guardedDb.insert("custumers", { id: 1n, email: "" });
