import { programs } from "./evasion.js";
import { R, s } from "./documented.js";

/** A function of the app whose result has, by its type, a place for the writer. */
const answer = (code: string) =>
  [
    `import { makeFunctionReference } from "convex/server";
type Held = { db?: DatabaseWriter; all: DatabaseWriter[]; any?: any; inner: { db?: DatabaseWriter } };
const held = makeFunctionReference<"query", Record<string, never>, Held>("held:get");
${s(code)}`,
    { notRun: "nothing answers a call of a function here" },
  ] as const;
const ask = "const box = await ctx.runQuery(held, {});";
const lose = (value: string): string =>
  `const one: any = ${value}; const save: Save = one[k1]; await save(k2, row);`;

/** Strict does not ask for the types of what functions give back: a writer that is put there is reported where that happens. */
export const answers = programs("answer", "bad", [
  answer(`${R} { ${ask} box.db = ctx.db; ${lose("box.db")} }`),
  answer(`${R} { ${ask} box.inner.db = ctx.db; const { inner } = box; ${lose("inner.db")} }`),
  answer(`${R} { ${ask} const { all } = box; all.push(ctx.db); ${lose("all[0]")} }`),
  answer(`${R} { ${ask} for (const one of [box]) one.db = ctx.db; ${lose("box.db")} }`),
  answer(`${R} { ${ask} Object.assign(box, { db: ctx.db }); ${lose("box.db")} }`),
  answer(
    `function fill(one: Held, db: DatabaseWriter) { one.db = db; }\n${R} { ${ask} fill(box, ctx.db); ${lose("box.db")} }`,
  ),
  answer(`${R} { ${ask} box.any = ctx.db; const save: Save = box.any[k1]; await save(k2, row); }`),
  answer(`${R} { const box: Held = await ctx.runQuery(held, {}); box.db = ctx.db; ${lose("box.db")} }`),
  answer(
    `${R} { const box = (await ctx.runQuery(held, {})) as Held; box.db = ctx.db; await box.db.insert("customers", row); }`,
  ),
  answer(`${R} { ${ask} box.db = ctx.db; await box.db.insert("customers", row); }`),
  answer(
    `${R} { ${ask} await Promise.all(box.all.map((one) => one)).then((all) => all.push(ctx.db)); ${lose("box.all[0]")} }`,
  ),
]);
