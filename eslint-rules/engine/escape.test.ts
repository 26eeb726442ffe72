// @vitest-environment node
import { expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";
import { IMPORTS } from "../../test/guard/sources.js";

const OTHERS = `
interface Titled { title: string }
interface Sized { readonly length: number }
declare const plain: Titled;
declare const empty: Sized;
declare const on: boolean;
const jobOf = (c: MutationCtx, title: string) => ({ title, c });
const quiet = (): void => {};
`;

it.each([
  // The compiler drops from a union what fits another arm of it.
  ["return on ? jobOf(ctx, 'a') : plain;", ["escape"]],
  ["return [jobOf(ctx, 'a'), plain].length;", ["escape"]],
  ["const jobs = new Map([['a', jobOf(ctx, 'a')]]); return (jobs.get('b') ?? plain).title;", ["escape"]],
  ["const open = on ? () => ctx.db : quiet; open();", ["escape"]],
  ["return (on ? [ctx] : empty).length;", ["escape"]],
  ["const c = on ? ctx : reader; return c.db.query('users');", []],
  ["const db = on ? ctx.db : null; return db?.query('users');", []],
  ["return [ctx.db, null, undefined].length;", []],
  ["const one: MutationCtx | null = on ? ctx : null; return one && on;", []],
  ["const c = { ...(on ? { ctx } : {}) }; return c.ctx?.db.query('users');", []],
])("of several values, one with the writer: %s", (code, reported) => {
  const path = "convex/arms.ts";
  const program = programWith({
    [path]: `${IMPORTS}${OTHERS}export function f(ctx: MutationCtx, reader: QueryCtx) { void reader; ${code} }`,
  });
  expect(typeErrors(program, path)).toEqual([]);
  expect(verdictsOf(program, path).strict).toEqual(reported);
});
