// @vitest-environment node
import ts from "typescript";
import { expect, it } from "vitest";
import { contextOf, COSTLY_TYPES, lastExpression, programWith } from "../../test/guard/programs.js";
import type { GuardContext } from "./context.js";

/** What the checker says of the last expression with this text, and how many types there are then. */
function ask(
  text: string,
  question: (cx: GuardContext, node: ts.Expression) => ts.Type | undefined,
  late: string,
) {
  const program = programWith({
    "convex/run.ts": `import { mutation } from "./_generated/server.js";
${COSTLY_TYPES}declare function read(): { list: ${late}; name: Late<${late}> };
declare function send<T>(options: { url: string; secret: string }, body: T): T;
declare function use(options: { made: unknown; each: (given: { id: string }) => unknown }): void;
declare const secret: any;
export const run = mutation({
  args: {},
  handler: async (ctx) => {
    const data = read();
    const moment = new Date(data.name).toISOString();
    await ctx.db.query("notes").first();
    use({ made: data.list, each: (given) => [given, data.name] });
    return [moment, data.list, send({ url: "", secret }, data.name)];
  },
});
`,
  });
  const cx = contextOf(program);
  const found = lastExpression(program, "convex/run.ts", (node) => node.getText() === text);
  const type = question(cx, found);
  return { says: type && cx.checker.typeToString(type), types: program.getTypeCount() };
}

const typeAt = (cx: GuardContext, node: ts.Expression) => cx.checker.getTypeAtLocation(node);

it.each([
  ["ctx.db", "the member of a handler's ctx", typeAt, /^GenericDatabaseWriter</],
  ["new Date(data.name).toISOString", "a member of what all overloads give", typeAt, /^\(\) => string$/],
  ["given", "the parameter of a function that another one is given", typeAt, /^\{ id: string; \}$/],
  [
    "secret",
    "what one of the arguments is for",
    (cx: GuardContext, node: ts.Expression) => cx.checker.getContextualType(node),
    /^string$/,
  ],
])("%s: the type of %s leaves out what leads to the whole app", (text, _, question, says) => {
  const cheap = ask(text, question, "[]");
  const costly = ask(text, question, "Grow<400>");
  expect(cheap.says).toMatch(says);
  expect(costly.says).toBe(cheap.says);
  expect(costly.types - cheap.types).toBeLessThan(100);
});
