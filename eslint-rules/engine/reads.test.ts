// @vitest-environment node
import ts from "typescript";
import { expect, it } from "vitest";
import {
  analyze,
  contextOf,
  COSTLY_TYPES,
  lastExpression,
  programWith,
  typeErrors,
} from "../../test/guard/programs.js";
import { IMPORTS } from "../../test/guard/sources.js";
import { isData } from "./data.js";
import { tableInCode } from "./origins.js";

/** A mutation whose last argument of `show(…)` is asked about. */
function asked(code: string, extra = "") {
  const path = "convex/run.ts";
  const program = programWith({
    [path]: `${IMPORTS}
declare function show(value: unknown): void;
${extra}
export const run = mutation({
  args: { note: v.id("notes"), other: v.optional(v.id("customers")), notes: v.array(v.id("notes")), either: v.union(v.id("notes"), v.id("customers")) },
  handler: async (ctx, args) => { ${code} },
});`,
  });
  const cx = contextOf(program);
  const call = lastExpression(
    program,
    path,
    (one) => ts.isCallExpression(one) && one.getText().startsWith("show("),
  );
  const [node] = (call as ts.CallExpression).arguments;
  return { cx, node: node!, program, errors: () => typeErrors(program, path) };
}

/** A function whose result takes long to work out. */
const LATE = `${COSTLY_TYPES}
declare function late(): Late<[]>;`;

it.each([
  ["show(args.note);", "notes"],
  ["show(args.other!);", "customers"],
  ["for (const id of args.notes) show(id);", "notes"],
  ["args.notes.forEach((id) => { show(id); });", "notes"],
  ["show((await ctx.db.get(args.note))!._id);", "notes"],
  ["const one = await ctx.db.query('customers').first(); if (one) show(one._id);", "customers"],
  ["for (const { _id } of await ctx.db.query('notes').order('desc').take(3)) show(_id);", "notes"],
  ["show(await ctx.db.insert('notes', { text: '', customerId: args.other! }));", "notes"],
])("%s: the code says the table, %s, without a type", (code, table) => {
  const [cheap, costly] = ["[]", "Grow<400>"].map((late) => {
    const { cx, node, program, errors } = asked(
      `${code} return late();`,
      LATE.replace("Late<[]>", `Late<${late}>`),
    );
    expect(tableInCode(cx, node)).toBe(table);
    const types = program.getTypeCount();
    expect(errors()).toEqual([]);
    return types;
  });
  expect(costly! - cheap!).toBeLessThan(100);
});

it("the type of an argument costs what the handler gives back", () => {
  const [cheap, costly] = ["[]", "Grow<400>"].map((late) => {
    const { cx, node, program } = asked(
      "show(args.note); return late();",
      LATE.replace("Late<[]>", `Late<${late}>`),
    );
    cx.checker.getTypeAtLocation(node);
    return program.getTypeCount();
  });
  expect(costly! - cheap!).toBeGreaterThan(400);
});

const REPOSITORY = `
class Repository {
  constructor(private readonly ctx: MutationCtx) {}
  get db() { return { query: (_: string) => ({ first: () => this.ctx.db.query("customers").first() }), get: (_: unknown) => this.ctx.db.query("customers").first() }; }
}`;

it.each([
  ["an id of two tables", "show(args.either);", ""],
  ["an assertion", "show(args.note as unknown as Id<'customers'>);", ""],
  [
    "an annotation",
    "const one: Doc<'customers'> | null = (await ctx.db.query('notes').first()) as unknown as Doc<'customers'> | null; show(one!._id);",
    "",
  ],
  [
    "a query of the app's own",
    "const { db } = new Repository(ctx); const one = await db.query('notes').first(); show(one!._id);",
    REPOSITORY,
  ],
  [
    "a reader of the app's own",
    "const one = await new Repository(ctx).db.get(args.note); show(one!._id);",
    REPOSITORY,
  ],
])("%s: the type has to say the table", (_, code, extra) => {
  const { cx, node, errors } = asked(code, extra);
  expect(errors()).toEqual([]);
  expect(tableInCode(cx, node)).toBeNull();
});

it("what a method of the app gives back is judged by its type, whatever its text says", () => {
  const code =
    "const one = await new Repository(ctx).db.query('notes').first(); await ctx.db.delete(one!._id);";
  const { program } = asked(`show(1); ${code}`, REPOSITORY);
  const found = analyze(program, "convex/run.ts").findings.filter((one) => one.messageId === "mirrorWrite");
  expect(found).toHaveLength(1);
});

it.each([
  ["show(await ctx.db.get(args.note));", true],
  [
    "show(await ctx.db.query('notes').withIndex('by_customer', (q) => q.eq('customerId', args.other!)).collect());",
    true,
  ],
  ["let one; if (args.other) one = await ctx.db.get(args.other); show(one);", true],
  ["const held = { one: await ctx.db.get(args.note), ctx }; show(held.one);", true],
  ["const held = { one: await ctx.db.get(args.note), ctx }; show(held.ctx);", false],
  ["const held = { one: await ctx.db.get(args.note), [text]: ctx.db }; show(held.one);", false],
  ["show(await ctx.db.query('notes').first().then(() => ctx.db));", false],
  ["show(new Map([[1, ctx.db]]).get(1));", false],
  ["(await ctx.db.query('notes').collect()).forEach((one: unknown) => { one = ctx.db; show(one); });", false],
])("%s is data: %s", (code, is) => {
  const { cx, node, errors } = asked(code);
  expect(isData(cx, node)).toBe(is);
  expect(errors()).toEqual([]);
});
