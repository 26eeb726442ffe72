// @vitest-environment node
import ts from "typescript";
import { expect, it } from "vitest";
import { contextOf, lastExpression, programWith, typeErrors } from "../../test/guard/programs.js";
import { IMPORTS } from "../../test/guard/sources.js";
import { isHarmlessByRoot } from "./flows.js";

/** The argument of `show(…)` in a mutation; fast-check is a package that knows nothing of Convex. */
function harmless(code: string) {
  const path = "convex/run.ts";
  const program = programWith({
    [path]: `${IMPORTS}
import * as fc from "fast-check";
declare function show(value: unknown): void;
declare const loose: any;
const holder = { take: async (value: unknown) => { void value; } };
export const run = mutation({ args: { size: v.number() }, handler: async (ctx, args) => { ${code} } });`,
  });
  const call = lastExpression(
    program,
    path,
    (one) => ts.isCallExpression(one) && one.getText().startsWith("show("),
  ) as ts.CallExpression;
  const is = isHarmlessByRoot(contextOf(program), call.arguments[0]!);
  return { is, errors: typeErrors(program, path) };
}

it.each([
  ["show(fc.integer());", true],
  ["show(fc.integer({ min: 1, max: args.size }));", true],
  ["show(fc.array(fc.constantFrom('a', 'b'), { maxLength: text.length }));", true],
  ["show(fc.constant(args));", true],
  ["show(fc.constant(ctx));", false],
  ["show(fc.constant({ held: ctx.db }));", false],
  ["show(fc.constant([ctx]));", false],
  ["show(fc.constant({ ...ctx }));", false],
  ["show(fc.constant({ ctx }));", false],
  // What takes unknown could take the place of what takes the writer.
  ["show(fc.constant(holder));", false],
  ["show(fc.constant(holder.take));", false],
  ["show(fc.constant({ take: holder.take }));", false],
  ["show(fc.constant(async (value: unknown) => { void value; }));", false],
  ["show(fc.constant({ take(value: unknown) { void value; } }));", false],
  ["show(fc.integer().map(() => ctx));", false],
  ["show(fc.constant(1).chain(() => fc.constant(holder)));", false],
  ["show(fc.constant(loose));", false],
  ["show(fc.constant<unknown>(1));", false],
])("%s gives something harmless: %s", (code, expected) => {
  const { is, errors } = harmless(code);
  expect(errors).toEqual([]);
  expect(is).toBe(expected);
});
