/** The imports that programs of the tests start with. */
export const IMPORTS = [
  'import { internalMutation, mutation, query } from "./_generated/server.js";',
  'import type { DatabaseReader, DatabaseWriter, MutationCtx, QueryCtx } from "./_generated/server.js";',
  'import type { DataModel, Doc, Id, TableNames } from "./_generated/dataModel.js";',
  'import * as helpers from "./helpers.js";',
  'import { v } from "convex/values";',
  "declare const row: { id: bigint; email: string; updated_at: number };",
  "declare const text: string;",
  "",
].join("\n");

/** A program around statements that have `ctx`, a customer, and ids of a customer, a note and a user. */
export function inMutation(body: string): string {
  return `${IMPORTS}
export async function run(ctx: MutationCtx, customer: Doc<"customers">, customerId: Id<"customers">, noteId: Id<"notes">, userId: Id<"users">) {
  ${body}
}`;
}
