// @vitest-environment node
import ts from "typescript";
import { expect, it } from "vitest";
import { contextOf, programWith } from "../../test/guard/programs.js";
import type { GuardContext } from "./context.js";

/** What the checker says of the last expression with this text, and how many types there are then. */
function ask(
  text: string,
  question: (cx: GuardContext, node: ts.Expression) => ts.Type | undefined,
  late: string,
) {
  const program = programWith({
    "convex/run.ts": `import { mutation } from "./_generated/server.js";
type Grow<N extends number, L extends unknown[] = []> = L["length"] extends N ? L : Grow<N, [...L, L["length"]]>;
type Late<T> = T extends [] ? string : string;
declare function read(): { list: ${late}; name: Late<${late}> };
declare function send<T>(options: { url: string; secret: string }, body: T): T;
declare const secret: any;
export const run = mutation({
  args: {},
  handler: async (ctx) => {
    const data = read();
    const moment = new Date(data.name).toISOString();
    await ctx.db.query("notes").first();
    return [moment, data.list, send({ url: "", secret }, data.name)];
  },
});
`,
  });
  const cx = contextOf(program);
  const file = program.getSourceFile(
    [...program.getRootFileNames()].find((one) => one.endsWith("/run.ts"))!,
  )!;
  let found: ts.Expression | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isExpression(node) && node.getText(file) === text) found = node;
    ts.forEachChild(node, visit);
  };
  visit(file);
  const type = question(cx, found!);
  return { says: type && cx.checker.typeToString(type), types: program.getTypeCount() };
}

const typeAt = (cx: GuardContext, node: ts.Expression) => cx.checker.getTypeAtLocation(node);

it.each([
  ["ctx.db", "the member of a handler's ctx", typeAt, /^GenericDatabaseWriter</],
  ["new Date(data.name).toISOString", "a member of what all overloads give", typeAt, /^\(\) => string$/],
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
