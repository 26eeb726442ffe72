// @vitest-environment node
import { beforeAll, describe, expect, test } from "vitest";
import type ts from "typescript";
import { EXPORTING, UNGUARDED } from "./exporting.js";
import { programWith, verdictsOf } from "./programs.js";

// Ways past the recording builders: strict reports each of them, whatever rule it is that does.

const SERVER = "./_generated/server.js";
const CUSTOM = 'import { customCtx, customMutation } from "convex-helpers/server/customFunctions";\n';
const WRITE = 'async (ctx) => { await ctx.db.insert("invoices", { total: 1 }); }';

/** Programs by what they try; each is a module of the app `exporting`, or of `unguarded` where it says so. */
const EVASIONS: Record<string, { code: string; app?: "unguarded" | "functions"; says: string }> = {
  "a raw builder": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation(${WRITE});`,
    says: "rawBuilder",
  },
  "a raw builder before there are guarded ones": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder that another module passes on": {
    code: `export { mutation as fast } from "${SERVER}";`,
    says: "rawBuilder",
  },
  "a raw builder behind any": {
    code: `import { mutation } from "${SERVER}"; const any: any = mutation; export const run = any({ handler: async (ctx: any) => { await ctx.db.insert("invoices", { total: 1 }); } });`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder in an object": {
    code: `import { mutation } from "${SERVER}"; const builders = { mutation }; export const run = builders.mutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder of a namespace": {
    code: `import * as server from "${SERVER}"; export const run = server.mutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder of an import at run time": {
    code: `export const run = (await import("${SERVER}")).mutation(${WRITE});`,
    says: "rawBuilder",
  },
  "a pattern on a namespace": {
    code: `import * as server from "${SERVER}"; const { mutation } = server; export const run = mutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a pattern on an import at run time": {
    code: `const { mutation } = await import("${SERVER}"); export const run = mutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "Convex's generic builder": {
    code: `import { mutationGeneric } from "convex/server"; export const run = mutationGeneric(async (ctx) => { await ctx.db.insert("invoices", { total: 1 }); });`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a custom function on the raw builder, in the module of guarded ones": {
    code: `${CUSTOM}export const user = customMutation(rawMutation, customCtx(() => ({ user: "ada" })));`,
    app: "functions",
    says: "unrecordedBuilder",
  },
  "guardCtx on the raw builder": {
    code: `${CUSTOM}export const user = customMutation(rawMutation, customCtx(guardCtx));`,
    app: "functions",
    says: "unrecordedBuilder",
  },
  "a guarded export that is the raw builder": {
    code: "export const quick = rawMutation;",
    app: "functions",
    says: "unrecordedBuilder",
  },
  "crud, which has a builder of its own": {
    code: 'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const { create } = crud(schema, "invoices");',
    says: "unrecordedLibrary",
  },
  "migrations, which have a builder of their own": {
    code: 'import { Migrations } from "@convex-dev/migrations"; export const migrations = new Migrations({} as never);',
    says: "unrecordedLibrary",
  },
  "a system call": {
    code: 'declare const Convex: any; export const run = async () => Convex.asyncSyscall("1.0/insert", "{}");',
    says: "syscall",
  },
  "a raw builder that is bound": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation.bind(null)(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder that is called by call": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation.call(null, ${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder that Reflect applies": {
    code: `import { mutation } from "${SERVER}"; export const run = Reflect.apply(mutation, null, [${WRITE.replace("ctx", "ctx: any")}]);`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw internal builder": {
    code: `import { internalMutation } from "${SERVER}"; export const run = internalMutation(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder by an element of a namespace": {
    code: `import * as server from "${SERVER}"; export const run = server["mutation"](${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder by a name that is put together": {
    code: `import * as server from "${SERVER}"; const name = "muta" + "tion"; export const run = (server as any)[name]({ handler: async (ctx: any) => { await ctx.db.insert("invoices", { total: 1 }); } });`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder as a default": {
    code: `import { mutation } from "${SERVER}"; const make = (build = mutation) => build(${WRITE}); export const run = make();`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder in a list": {
    code: `import { mutation } from "${SERVER}"; export const run = [mutation][0]!(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder in a class": {
    code: `import { mutation } from "${SERVER}"; class Builders { static readonly quick = mutation; } export const run = Builders.quick(${WRITE});`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a raw builder that is the module's default": {
    code: `import { mutation } from "${SERVER}"; export default mutation;`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a helper that takes Convex's writer": {
    code: `import type { DatabaseWriter } from "${SERVER}"; export const run = async (db: DatabaseWriter) => { await db.insert("invoices", { total: 1 }); };`,
    says: "unrecordedWrite",
  },
  "a method of the writer by itself": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation(async ({ db: { insert } }) => { await insert("invoices", { total: 1 }); });`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a type of the ctx that is taken from the raw builder": {
    code: `import type { MutationCtx } from "${SERVER}"; type Inner = Pick<MutationCtx, "db">; export const run = async (ctx: Inner) => { await ctx.db.insert("invoices", { total: 1 }); };`,
    says: "unrecordedWrite",
  },
  "a table whose name only any knows": {
    code: `import { mutation } from "${SERVER}"; export const run = mutation(async (ctx, { table }: { table: any }) => { await ctx.db.insert(table, { total: 1 } as never); });`,
    app: "unguarded",
    says: "unrecordedBuilder",
  },
  "a helper that asks for Convex's own ctx": {
    code: `import type { MutationCtx } from "${SERVER}"; export const run = async (ctx: MutationCtx) => { await ctx.db.insert("invoices", { total: 1 }); };`,
    says: "unrecordedWrite",
  },
};

/** What only looks like it. */
const CLEAN: Record<string, string> = {
  "a guarded builder": `import { mutation } from "./functions.js"; export const run = mutation(${WRITE});`,
  "a custom function on it": `${CUSTOM}import { forLibrary, guardCtx, mutation } from "./functions.js"; export const run = customMutation(forLibrary(mutation), customCtx(guardCtx))({ args: {}, handler: ${WRITE} });`,
  "a helper with its ctx": `import type { Ctx } from "./functions.js"; export const run = async (ctx: Ctx) => { await ctx.db.insert("invoices", { total: 1 }); };`,
  "migrations on it":
    'import { Migrations } from "@convex-dev/migrations"; import { forLibrary, internalMutation } from "./functions.js"; export const migrations = new Migrations({} as never, { internalMutation: forLibrary(internalMutation) });',
  reading: `import type { MutationCtx } from "${SERVER}"; export const run = async (ctx: MutationCtx) => await ctx.db.query("invoices").collect();`,
};

let program: ts.Program;
const paths = new Map<string, string>();

beforeAll(() => {
  const files: Record<string, string> = { ...EXPORTING, ...UNGUARDED };
  for (const [i, [name, { code, app }]] of Object.entries(EVASIONS).entries()) {
    if (app === "functions") continue;
    paths.set(name, `${app ?? "exporting"}/evasion${String(i)}.ts`);
    files[paths.get(name)!] = code;
  }
  for (const [i, [name, code]] of Object.entries(CLEAN).entries()) {
    paths.set(name, `exporting/clean${String(i)}.ts`);
    files[paths.get(name)!] = code;
  }
  program = programWith(files);
});

describe("strict", () => {
  test.each(Object.entries(EVASIONS).filter(([, { app }]) => app !== "functions"))(
    "reports %s",
    (name, { says }) => {
      expect(verdictsOf(program, paths.get(name)!).strict).toContain(says);
    },
  );

  test.each(Object.entries(EVASIONS).filter(([, { app }]) => app === "functions"))(
    "reports %s",
    (_name, { code, says }) => {
      const changed = programWith({
        ...EXPORTING,
        "exporting/functions.ts": `${EXPORTING["exporting/functions.ts"]!}${code}`,
      });
      expect(verdictsOf(changed, "exporting/functions.ts").strict).toContain(says);
    },
  );

  test.each(Object.keys(CLEAN))("is silent on %s", (name) => {
    expect(verdictsOf(program, paths.get(name)!).strict).toEqual([]);
  });
});
