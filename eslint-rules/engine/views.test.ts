// @vitest-environment node
import { expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";
import { IMPORTS } from "../../test/guard/sources.js";

const HELPERS = `
type Either = Pick<QueryCtx | MutationCtx, "db">;
declare function read(ctx: Either): Promise<void>;
declare function readFrom(ctx: { db: QueryCtx["db"] | MutationCtx["db"] }): Promise<void>;
declare function takeAny(ctx: { db: any }): Promise<void>;
declare function takeUnknown(ctx: { db: unknown; name?: string }): Promise<void>;
`;

it.each([
  // A reader may stand where a writer may, too.
  ["export async function f(ctx: QueryCtx) { await read(ctx); await readFrom(ctx); }", []],
  ["export const f = query({ args: {}, handler: async (ctx) => { await readFrom(ctx); } });", []],
  ["export const f = query({ args: {}, handler: async (ctx) => { await takeAny(ctx); } });", []],
  // One that code of the app makes may be filled with a writer.
  ["export async function f(ctx: QueryCtx) { const own = { db: ctx.db }; await readFrom(own); }", ["escape"]],
  // Who calls a helper may have had the writer.
  ["export async function f(ctx: QueryCtx) { await takeAny(ctx); }", ["escape"]],
  ["export async function f(ctx: QueryCtx) { await takeUnknown(ctx); }", ["escape"]],
  [
    "export function f(ctx: { db: QueryCtx['db'] }) { const blind: { db: any } = ctx; return blind; }",
    ["escape"],
  ],
  ["export const f = (all: MutationCtx[]) => all.find((one: any) => one.db === null || one.auth !== 1);", []],
  ["export const f = (all: MutationCtx[]) => all.find((one: any) => one.db.x === null);", ["anyParameter"]],
  ["export const f = (all: MutationCtx[]) => all.find((one: any) => one.db ?? one.auth);", ["anyParameter"]],
  [
    "export const f = (all: MutationCtx[]) => all.some((one: any) => (one.x === 1) || [one]);",
    ["anyParameter"],
  ],
  ["export function f(ctx: QueryCtx) { const named: { auth: QueryCtx['auth'] } = ctx; return named; }", []],
])("%s", (code, reported) => {
  const path = "convex/view.ts";
  const program = programWith({ [path]: `${IMPORTS}${HELPERS}${code}` });
  expect(typeErrors(program, path)).toEqual([]);
  expect(verdictsOf(program, path).strict).toEqual(reported);
});
