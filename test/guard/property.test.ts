// @vitest-environment node
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "./programs.js";
import { inMutation } from "./sources.js";

/**
 * Random well-typed programs, grown from a holder of the writer through steps that each keep or lose its type. A batch
 * becomes one program, since making a program costs more than checking a hundred files.
 */
const BATCH = 150;
const SEED = Number(process.env["SEED"] ?? 20_261_120);

/** Steps from an expression that holds `ctx` or `db` to the next one; `n` makes their names unique. */
type Step = (held: string, n: number) => { setup: string; held: string };
const TYPED: readonly Step[] = [
  (held, n) => ({ setup: `const a${String(n)} = ${held};`, held: `a${String(n)}` }),
  (held, n) => ({ setup: `const a${String(n)} = { inner: ${held} };`, held: `a${String(n)}.inner` }),
  (held, n) => ({ setup: `const { inner: a${String(n)} } = { inner: ${held} };`, held: `a${String(n)}` }),
  (held, n) => ({ setup: `const [a${String(n)}] = [${held}] as const;`, held: `a${String(n)}` }),
  (held, n) => ({ setup: `const f${String(n)} = () => ${held};`, held: `f${String(n)}()` }),
  (held, n) => ({
    setup: `const f${String(n)} = <T>(value: T): T => value;`,
    held: `f${String(n)}(${held})`,
  }),
  (held, n) => ({
    setup: `class C${String(n)}<T> { constructor(readonly value: T) {} }`,
    held: `new C${String(n)}(${held}).value`,
  }),
  (held, n) => ({ setup: `const q${String(n)} = await Promise.resolve(${held});`, held: `q${String(n)}` }),
  (held) => ({ setup: "", held: `(text ? ${held} : ${held})` }),
  (held, n) => ({
    setup: `const m${String(n)} = new Map([["k", ${held}]]);`,
    held: `m${String(n)}.get("k")!`,
  }),
  (held, n) => ({
    setup: `let l${String(n)} = ${held}; l${String(n)} = l${String(n)};`,
    held: `l${String(n)}`,
  }),
  (held) => ({ setup: "", held: `({ ...{ k: ${held} } }).k` }),
  (held) => ({ setup: "", held: `[${held}].map((one) => one)[0]!` }),
];
/** Steps after which the checker no longer knows the writer. */
const LOSING: readonly Step[] = [
  (held, n) => ({ setup: `const x${String(n)}: any = ${held};`, held: `x${String(n)}` }),
  (held) => ({ setup: "", held: `(${held} as any)` }),
  (held) => ({ setup: "", held: `({ any: ${held} } as { any: any }).any` }),
  (held, n) => ({ setup: `const f${String(n)} = (value: any) => value;`, held: `f${String(n)}(${held})` }),
  (held, n) => ({ setup: `const g${String(n)} = (): any => ${held};`, held: `g${String(n)}()` }),
  (held, n) => ({
    setup: `const b${String(n)}: Record<string, any> = {}; b${String(n)}["k"] = ${held};`,
    held: `b${String(n)}["k"]`,
  }),
  (held, n) => ({ setup: `const u${String(n)}: unknown = ${held};`, held: `(u${String(n)} as any)` }),
  (held, n) => ({
    setup: `const p${String(n)}: Promise<any> = Promise.resolve(${held}); const r${String(n)} = await p${String(n)};`,
    held: `r${String(n)}`,
  }),
];
/** Writes through a typed writer. */
const SINKS: readonly ((db: string) => string)[] = [
  (db) => `await ${db}.insert("customers", row);`,
  (db) => `await ${db}["insert"]("customers", row);`,
  (db) => `await ${db}.patch(customerId, { email: "" });`,
  (db) => `await ${db}.delete("customers", customerId);`,
  (db) => `await ${db}.replace(customer._id, row);`,
  (db) => `const t = "customers" as const; await ${db}.insert(t, row);`,
  (db) => `const { insert } = ${db}; await insert("customers", row);`,
  (db) => `const w = ${db}.delete; await w(customerId);`,
  (db) => `await ${db}.insert(text as TableNames, {} as never);`,
  (db) => `for (const one of [customer]) await ${db}.delete(one._id);`,
  (db) => `await Promise.all([customerId].map((id) => ${db}.delete(id)));`,
  (db) => `await ${db}.insert(...(["customers", row] as const));`,
  (db) => `await ${db}.delete(text as any);`,
  (db) => `const lie: "notes" = "customers" as any; await ${db}.insert(lie, {} as never);`,
  (db) => `await Reflect.apply(${db}.insert, null, ["customers", row]);`,
];
/** Writes through a writer that the checker has lost. */
const BLIND_SINKS: readonly ((db: string) => string)[] = [
  ...SINKS,
  (db) => `await ${db}[text]("customers", row);`,
  (db) => `const w = ${db}["ins" + "ert"]; await w("customers", row);`,
  (db) => `const [w] = [${db}].map((one) => one.insert); await w("customers", row);`,
];
const HARMLESS: readonly ((db: string) => string)[] = [
  (db) => `await ${db}.insert("notes", { customerId, text });`,
  (db) => `await ${db}.patch("notes", noteId, { text });`,
  (db) => `await ${db}.delete(noteId);`,
  (db) => `await ${db}.replace("users", userId, { name: text });`,
  (db) => `await ${db}.get("customers", customerId);`,
  (db) => `await ${db}.query("customers").collect();`,
  (db) => `const t = "notes" as const; await ${db}.delete(t, noteId);`,
  (db) => `for (const one of await ${db}.query("notes").collect()) await ${db}.delete(one._id);`,
  (db) => `await Promise.all([noteId].map((id) => ${db}.patch(id, { text })));`,
  (db) => `${db}.normalizeId("customers", text);`,
];
const NOISE = [
  'const map = new Map<string, number>(); map.delete("customers");',
  'text.replace("customers", "x");',
  "if (text) text.trim();",
  "const list = [1, 2].map((n) => n + 1); list.length;",
  'class Local { insert(table: string) { return table; } } new Local().insert("customers");',
  'await ctx.db.insert("users", { name: text });',
];

const index = (list: readonly unknown[]) => fc.nat({ max: list.length - 1 });
const plan = fc.record({
  viaCtx: fc.boolean(),
  steps: fc.array(index(TYPED), { maxLength: 4 }),
  losing: fc.option(index(LOSING)),
  after: fc.array(index(TYPED), { maxLength: 2 }),
  sink: fc.nat(),
  noise: fc.array(index(NOISE), { maxLength: 2 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function grow(plan: Plan, hidesWrite: boolean): string {
  let n = 0;
  const setups: string[] = [];
  let held = plan.viaCtx ? "ctx" : "ctx.db";
  const take = (step: Step | undefined): void => {
    if (step === undefined) return;
    n += 1;
    const next = step(held, n);
    setups.push(next.setup);
    held = next.held;
  };
  for (const step of plan.steps) take(TYPED[step]);
  const loses = hidesWrite && plan.losing !== null;
  if (loses) take(LOSING[plan.losing ?? 0]);
  for (const step of plan.after) take(TYPED[step]);
  const sinks = hidesWrite ? (loses ? BLIND_SINKS : SINKS) : HARMLESS;
  const sink = sinks[plan.sink % sinks.length];
  const db = plan.viaCtx ? `${held}.db` : held;
  const noise = plan.noise.map((one) => `{ ${NOISE[one] ?? ""} }`);
  return inMutation([...noise, ...setups, sink?.(db) ?? ""].filter((line) => line !== "").join("\n  "));
}

function check(
  hidesWrite: boolean,
): { code: string; recommended: string[]; strict: string[]; errors: string[] }[] {
  const plans = fc.sample(plan, { numRuns: BATCH, seed: SEED });
  const codes = [...new Set(plans.map((one) => grow(one, hidesWrite)))];
  const name = (at: number): string => `convex/random_${String(at)}.ts`;
  const program = programWith(Object.fromEntries(codes.map((code, at) => [name(at), code])));
  return codes.map((code, at) => ({
    code,
    ...verdictsOf(program, name(at)),
    errors: typeErrors(program, name(at)),
  }));
}

describe("random programs", () => {
  it("with a hidden write to a mirror: strict finds every one", () => {
    const results = check(true);
    expect(results.length).toBeGreaterThan(BATCH / 2);
    expect(
      results.filter(({ errors }) => errors.length > 0).map(({ code, errors }) => [code, errors]),
    ).toEqual([]);
    expect(results.filter(({ strict }) => strict.length === 0).map(({ code }) => code)).toEqual([]);
  });

  it("without one: recommended stays silent", () => {
    const results = check(false);
    expect(
      results.filter(({ errors }) => errors.length > 0).map(({ code, errors }) => [code, errors]),
    ).toEqual([]);
    expect(
      results
        .filter(({ recommended }) => recommended.length > 0)
        .map(({ code, recommended }) => [code, recommended]),
    ).toEqual([]);
  });
});
