import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { ledgerError } from "../../src/core/wire/errors.js";

/** The registry's row of a mirror, or null. */
export async function findMirror(ctx: QueryCtx, name: string): Promise<Doc<"mirrors"> | null> {
  return await ctx.db
    .query("mirrors")
    .withIndex("by_name", (q) => q.eq("name", name))
    .unique();
}

/** The registry's row of a mirror. @throws UnknownMirror */
export async function getMirror(ctx: QueryCtx, name: string): Promise<Doc<"mirrors">> {
  const mirror = await findMirror(ctx, name);
  if (mirror === null) {
    throw ledgerError(
      "UnknownMirror",
      `There is no mirror "${name}" in the registry. Declare it with mirrorTable in schema.ts and deploy.`,
    );
  }
  return mirror;
}

/** How the component reaches the app. @throws NotDeclared before the first declaration. */
export async function getHandles(ctx: QueryCtx): Promise<Doc<"app">["handles"]> {
  return (await getApp(ctx)).handles;
}

/** What the app has declared beside its mirrors. @throws NotDeclared */
export async function getApp(ctx: QueryCtx): Promise<Doc<"app">> {
  const app = await ctx.db.query("app").first();
  if (app === null) {
    throw ledgerError("NotDeclared", "The registry is empty. Run `npx convex run imports:declare` once.");
  }
  return app;
}
