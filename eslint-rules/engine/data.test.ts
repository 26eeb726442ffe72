// @vitest-environment node
import { expect, it } from "vitest";
import { COSTLY_TYPES, programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";

it("a builder under the name of another one, in a file of the app, still gives its handler the writer", () => {
  const program = programWith({
    "convex/lib/_generated/server.ts": `export { mutation as action } from "../../_generated/server.js";`,
    "convex/run.ts": `import { action } from "./lib/_generated/server.js";
const row = { id: 1n, email: "a@b", updated_at: 1 };
const [key, name] = "insert,customers".split(",") as [string, string];
const state: { ctx: unknown } = { ctx: null };
export const run = action({ args: {}, handler: async (ctx) => {
  state.ctx = ctx;
  await (state.ctx as any).db[key](name, row);
} });`,
  });
  expect(typeErrors(program, "convex/run.ts")).toEqual([]);
  expect(verdictsOf(program, "convex/run.ts").strict).toContain("escape");
});

it("the handler of an action asks for no type of what it calls", () => {
  const [cheap, costly] = ["[]", "Grow<400>"].map((late) => {
    const program = programWith({
      "convex/case.ts": `import { internalAction } from "./_generated/server.js";
${COSTLY_TYPES}
declare function late(): Late<${late}>;
declare function take(value: unknown): void;
export const run = internalAction({ args: {}, handler: async () => { const held = { made: late() }; take({ ...held }); } });`,
    });
    expect(verdictsOf(program, "convex/case.ts").strict).toEqual([]);
    return program.getTypeCount();
  });
  expect(costly! - cheap!).toBeLessThan(100);
});

it("a function of Convex may be bound to the ctx that it belongs to", () => {
  const program = programWith({
    "convex/case.ts": `import type { ActionCtx } from "./_generated/server.js";
declare function tools(options: { run: ActionCtx["runAction"] }): void;
export function resolve(ctx: ActionCtx) { tools({ run: ctx.runAction.bind(ctx) }); }`,
  });
  expect(verdictsOf(program, "convex/case.ts").strict).toEqual([]);
});
