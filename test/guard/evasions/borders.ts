import { loose, m, R } from "./documented.js";
import { programs } from "./evasion.js";

/** A handler that writes with what it is given as its ctx, whatever the type of that says. */
const handler = `{ args: {}, handler: async (ctx) => { ${loose("{ ...ctx }")} return null; } }`;

const a = (code: string): string => `import { internalAction } from "./_generated/server.js";\n${m(code)}`;

const sent = (code: string): string =>
  m(`import type { FunctionReference } from "convex/server";
const ref = "" as never as FunctionReference<"mutation", "internal", any, any>;
const dig = async (value: any) => { ${loose("value")} };
${code}`);

/** Code that looks as if no writer could come into it: the handler of an action, what functions are called with. */
export const borders = [
  ...programs("actions", "bad", [
    a(`const act = mutation as unknown as typeof internalAction;
export const f = act(${handler});`),
    a(`const builders: { run: typeof internalAction } = { run: mutation as never };
const { run } = builders;
export const f = run(${handler});`),
    a(`const act: typeof internalAction = mutation as any;
export const f = act(${handler});`),
    a(`const held: any = { act: mutation };
const act: typeof internalAction = held.act;
export const f = act(${handler});`),
    a(`function chosen(): typeof internalAction { return JSON.parse("0") === 0 ? (mutation as never) : internalAction; }
const act = chosen();
export const f = act(${handler});`),
    a(`import * as builders from "./_generated/server.js";
const act = (builders as unknown as Record<string, typeof internalAction>)["mutation"]!;
export const f = act(${handler});`),
  ]),
  // something else in the place of ctx.runMutation and of the scheduler
  ...programs("senders", "bad", [
    m(`const fake: Pick<MutationCtx, "runMutation"> = { runMutation: (async (_ref: unknown, args: any) => { ${loose("args.ctx")} }) as never };
${R} { await fake.runMutation("" as never, { ctx } as never); }`),
    m(`const fake: Pick<MutationCtx, "runMutation"> = { runMutation: (async (_ref: unknown, args: any) => { ${loose("args")} }) as never };
${R} { await fake.runMutation("" as never, ctx as never); }`),
    m(`const fake = { runAfter: async (_ms: number, _ref: unknown, args: any) => { ${loose("args.ctx")} } } as unknown as MutationCtx["scheduler"];
${R} { await fake.runAfter(0, "" as never, { ctx } as never); }`),
    m(`const fake = { runAfter: async (_ms: number, _ref: any, args: any) => { ${loose("args.ctx")} } } as any as MutationCtx["scheduler"];
${R} { const args: Record<string, unknown> = {}; args["ctx"] = ctx; await fake.runAfter(0, "" as never, args as never); }`),
    m(`class Fake { async runMutation(_ref: any, ...args: any[]) { ${loose("args[0]")} } }
const fake: { runMutation: MutationCtx["runMutation"] } = new Fake() as never;
${R} { await fake.runMutation("" as never, ctx as never); }`),
    // the same without an assertion, for a reference that says nothing of its arguments
    sent(`const fake: Pick<MutationCtx, "runMutation"> = { async runMutation(_ref: any, ...args: any) { await dig(args[0]); return null as never; } };
${R} { await fake.runMutation(ref, ctx); }`),
    sent(`class Fake { async runAfter(_ms: number, _ref: any, ...args: any) { await dig(args[0]); return null as never; } async runAt() { return null as never; } async cancel() {} }
const fake: MutationCtx["scheduler"] = new Fake();
${R} { await fake.runAfter(0, ref, ctx); }`),
    sent(`const fake: Pick<MutationCtx["scheduler"], "runAfter"> = { runAfter: async (_ms, _ref, ...args) => { await dig(args[0]); return null as never; } };
${R} { await fake.runAfter(0, ref, ctx); }`),
    // a function of unknown that another function gives back, in the place of one of ctx
    m(`const taker = { take: async (value: unknown) => { ${loose("value as Record<string, any>")} } };
const give = () => taker.take;
const list: ((ctx: MutationCtx) => Promise<void>)[] = [];
${R} { list.push(give()); await list[0]!(ctx); }`),
  ]),
];
