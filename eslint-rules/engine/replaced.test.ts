// @vitest-environment node
import { describe, expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";

const HEAD = `import type { MutationCtx } from "./_generated/server.js";
const row = { id: 1n, email: "a@b", updated_at: 1 };
const [key, name] = "insert,customers".split(",") as [string, string];
`;

/** Each has a program of its own: what `declare global` adds is in every file. */
const GLOBAL = [
  `declare global { interface Array<T> { visit(use: (value: any) => unknown): Promise<void> } }
export async function run(ctx: MutationCtx) { await [ctx.db].visit((one) => one[key](name, row)); }`,
  `declare global { interface Object { me(): any } }
export async function run(ctx: MutationCtx) { await ctx.db.me()[key](name, row); }`,
  // What the app adds to `Object` does not make `Object.assign` a function of the app.
  `declare global { interface ObjectConstructor { mine(): void } }
declare const bag: { db?: object };
export async function run(ctx: MutationCtx) { Object.assign(bag, { db: ctx.db }); await (bag.db as any)[key](name, row); }`,
];

describe("what declare global adds", () => {
  it.each(GLOBAL)("does not hide the writer: %s", (code) => {
    const program = programWith({ "convex/added.ts": HEAD + code });
    expect(typeErrors(program, "convex/added.ts")).toEqual([]);
    expect(verdictsOf(program, "convex/added.ts").strict).toContain("escape");
  });
});
