/**
 * Mutation builders whose `ctx.db` cannot write a mirror, for `convex/functions.ts`.
 *
 * @module guard
 */
export { mirrorTableNames, type MirrorTableNames } from "../schema/index.js";
export type { GuardedMutationBuilder } from "./builder.js";
export type { ForLibrary, GuardCtx, WithGuardedDb } from "./compose.js";
export { guard, type Guard } from "./guard.js";
export {
  EXPORT_NOT_RECORDED,
  MIRROR_IS_READ_ONLY,
  type GuardCannotStart,
  type MirrorIsReadOnly,
  type MirrorIsReadOnlyData,
  type NameATableOfYourOwn,
  type NameTheTable,
  type WriteOperation,
} from "./messages.js";
export type { ExportComponent } from "./recorder.js";
export { mirrorRules, type ReadOnlyRules } from "./rules.js";
export type { GuardableSchema, GuardedCtx, GuardedDb, WritableTableNames } from "./schema.js";
export type { GuardedDatabaseWriter, GuardedMutationCtx, WritableTable } from "./writer.js";
