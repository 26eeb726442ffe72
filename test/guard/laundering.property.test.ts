// @vitest-environment node
import * as fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { programs } from "./evasions/evasion.js";
import { fileOf } from "./evasions/index.js";
import { programWith, typeErrors, verdictsOf } from "./programs.js";
import { runRaw } from "./runEvasion.js";

/**
 * Random compositions of laundering steps around a write: what holds the writer is read, renamed, wrapped, passed,
 * returned, stored and cast, up to five times, and the write is made with what comes out. One program holds them all.
 * `LAUNDERED=2000` makes more of them, `SEED` others.
 */
const COUNT = Number(process.env["LAUNDERED"] ?? 60);
const SEED = Number(process.env["SEED"] ?? 20_261_126);
const MAX_STEPS = 5;

/** What an expression is: a ctx, a writer, or the method of one. */
type Kind = "ctx" | "db" | "method";
interface Held {
  readonly code: string;
  readonly kind: Kind;
}
interface Taken {
  readonly setup: string;
  readonly code: string;
  /** What it becomes; the same as before where nothing is read. */
  readonly kind?: Kind;
}
/** `n` makes names unique. */
type Step = (held: Held, n: string) => Taken;

const same =
  (setup: (code: string, n: string) => string, code: (n: string, held: string) => string): Step =>
  ({ code: held }, n) => ({ setup: setup(held, n), code: code(n, held) });

/** A name for `insert` and for the mirror that no analysis reads. */
const OP = '["ins", "ert"].join("")';
const TABLE = '["cust", "omers"].join("")';

/** Each step, by what it does. Every one keeps the value; some keep its type, some lose it. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  read: [
    ({ code, kind }) => read(code, kind),
    ({ code, kind }, n) => {
      const next = read(code, kind);
      return { setup: `const r${n} = ${next.code};`, code: `r${n}`, kind: next.kind ?? kind };
    },
    ({ code, kind }, n) => ({
      setup: kind === "ctx" ? `const { db: d${n} } = ${code};` : `const d${n} = ${code};`,
      code: `d${n}`,
      kind: kind === "ctx" ? "db" : kind,
    }),
  ],
  rename: [
    same(
      (held, n) => `const a${n} = ${held};`,
      (n) => `a${n}`,
    ),
    same(
      (held, n) => `let l${n} = ${held}; l${n} = l${n};`,
      (n) => `l${n}`,
    ),
    same(
      (held, n) => `const [p${n}] = [${held}];`,
      (n) => `p${n}!`,
    ),
    same(
      (held, n) => `const { k: o${n} } = { k: ${held} };`,
      (n) => `o${n}`,
    ),
  ],
  wrap: [
    same(
      () => "",
      (_, held) => `({ inner: ${held} }).inner`,
    ),
    same(
      (held, n) => `const g${n} = { get it() { return ${held}; } };`,
      (n) => `g${n}.it`,
    ),
    same(
      (held, n) => `class C${n}<T> { constructor(readonly value: T) {} } const c${n} = new C${n}(${held});`,
      (n) => `c${n}.value`,
    ),
    same(
      (held, n) => `class A${n} { constructor(readonly value: any) {} } const b${n} = new A${n}(${held});`,
      (n) => `b${n}.value`,
    ),
    same(
      (held, n) => `const x${n} = { ...{ deep: { er: ${held} } } };`,
      (n) => `x${n}.deep.er`,
    ),
  ],
  pass: [
    same(
      (_, n) => `const f${n} = <T,>(value: T): T => value;`,
      (n, held) => `f${n}(${held})`,
    ),
    same(
      (_, n) => `const f${n} = (value: any) => value;`,
      (n, held) => `f${n}(${held})`,
    ),
    same(
      (_, n) => `const f${n} = (value: unknown) => value as any;`,
      (n, held) => `f${n}(${held})`,
    ),
    same(
      (_, n) => `const f${n} = (...[value]: any[]) => value;`,
      (n, held) => `f${n}(${held})`,
    ),
    same(
      (_, n) => `const f${n} = ({ value }: { value: any }) => value;`,
      (n, held) => `f${n}({ value: ${held} })`,
    ),
    same(
      (_, n) => `function f${n}<T extends object>(value: T): any { return value; }`,
      (n, held) => `f${n}(${held})`,
    ),
    same(
      (_, n) => `function f${n}(this: any) { return this; }`,
      (n, held) => `f${n}.call(${held})`,
    ),
    same(
      (_, n) => `let s${n}: any; const f${n} = (value: any) => { s${n} = value; };`,
      (n, held) => `(f${n}(${held}), s${n})`,
    ),
    same(
      (_, n) => `const f${n} = (use: (value: any) => any, value: any) => use(value);`,
      (n, held) => `f${n}((v) => v, ${held})`,
    ),
  ],
  return: [
    same(
      (held, n) => `const f${n} = () => ${held};`,
      (n) => `f${n}()`,
    ),
    same(
      (held, n) => `const f${n} = (): any => ${held};`,
      (n) => `f${n}()`,
    ),
    same(
      (held, n) => `const f${n} = async () => ${held}; const w${n} = await f${n}();`,
      (n) => `w${n}`,
    ),
    same(
      (held, n) => `const f${n} = async (): Promise<any> => ${held}; const w${n} = await f${n}();`,
      (n) => `w${n}`,
    ),
    same(
      (held, n) => `function f${n}() { if (!text) return JSON.parse("1"); return ${held}; }`,
      (n) => `f${n}()`,
    ),
    same(
      (held, n) => `function* f${n}() { yield ${held}; }`,
      (n) => `[...f${n}()][0]!`,
    ),
    same(
      (held, n) => `function* f${n}(): Iterable<any> { yield ${held}; }`,
      (n) => `[...f${n}()][0]`,
    ),
  ],
  store: [
    same(
      (held, n) => `const m${n} = new Map([["k", ${held}]]);`,
      (n) => `m${n}.get("k")!`,
    ),
    same(
      (held, n) => `const m${n} = new Map<string, any>(); m${n}.set("k", ${held});`,
      (n) => `m${n}.get("k")`,
    ),
    same(
      (held, n) => `const q${n}: any[] = []; q${n}.push(${held});`,
      (n) => `q${n}[0]`,
    ),
    same(
      (held, n) => `const o${n}: Record<string, any> = {}; o${n}["k"] = ${held};`,
      (n) => `o${n}["k"]`,
    ),
    same(
      (held, n) => `const o${n}: { k?: any } = {}; o${n}.k = ${held};`,
      (n) => `o${n}.k`,
    ),
    same(
      (held, n) => `class S${n} { static held: any; } S${n}.held = ${held};`,
      (n) => `S${n}.held`,
    ),
    same(
      (held, n) => `let v${n}: any; v${n} = ${held};`,
      (n) => `v${n}`,
    ),
    same(
      (held, n) => `const o${n} = Object.assign({} as any, { k: ${held} });`,
      (n) => `o${n}.k`,
    ),
    same(
      (held, n) => `const e${n} = new Error("", { cause: ${held} }) as any;`,
      (n) => `e${n}.cause`,
    ),
  ],
  cast: [
    same(
      () => "",
      (_, held) => `(${held} as any)`,
    ),
    same(
      () => "",
      (_, held) => `(${held} as unknown as any)`,
    ),
    same(
      () => "",
      (_, held) => `(${held} as never as any)`,
    ),
    same(
      (held, n) => `const t${n}: any = ${held};`,
      (n) => `t${n}`,
    ),
    same(
      (held, n) => `const t${n}: unknown = ${held};`,
      (n) => `(t${n} as any)`,
    ),
    same(
      (held, n) => `const t${n}: object = ${held};`,
      (n) => `(t${n} as any)`,
    ),
    same(
      (held, n) => `const t${n} = { k: ${held} } as { k: any };`,
      (n) => `t${n}.k`,
    ),
    same(
      (_, n) => `function t${n}<T>(value: unknown): T { return value as T; }`,
      (n, held) => `t${n}<any>(${held})`,
    ),
  ],
};
const ALL = Object.values(STEPS).flat();

/** What is read next: the writer of a ctx, a method of the writer by a name that is made at run time. */
function read(code: string, kind: Kind): Taken {
  if (kind === "ctx") return { setup: "", code: `${code}.db`, kind: "db" };
  if (kind === "db") return { setup: "", code: `(${code} as any)[${OP}]`, kind: "method" };
  return { setup: "", code };
}

const plan = fc.record({
  fromCtx: fc.boolean(),
  steps: fc.array(fc.nat({ max: ALL.length - 1 }), { minLength: 1, maxLength: MAX_STEPS }),
});

function grow({ fromCtx, steps }: { fromCtx: boolean; steps: readonly number[] }): string {
  let held: Held = fromCtx ? { code: "ctx", kind: "ctx" } : { code: "ctx.db", kind: "db" };
  const setups: string[] = [];
  for (const [at, index] of steps.entries()) {
    const taken = ALL[index]!(held, `${String(at)}_`);
    setups.push(taken.setup);
    held = { code: taken.code, kind: taken.kind ?? held.kind };
  }
  while (held.kind !== "method") {
    const next = read(held.code, held.kind);
    held = { code: next.code, kind: next.kind ?? held.kind };
  }
  const body = [...setups, `const write = ${held.code}; await write(${TABLE}, row);`]
    .filter((line) => line !== "")
    .join(" ");
  return `export const f = mutation({ args: {}, handler: async (ctx) => { ${body} } });`;
}

const codes = [
  ...new Set([
    ...ALL.map((_, index) => grow({ fromCtx: index % 2 === 0, steps: [index] })),
    ...fc.sample(plan, { numRuns: COUNT, seed: SEED }).map(grow),
  ]),
];
const laundered = programs("laundered", "bad", codes);
const place = (id: string): string => `convex/${id}.ts`;

describe("laundered writers", () => {
  const found: { code: string; errors: readonly string[]; strict: readonly string[] }[] = [];

  beforeAll(() => {
    const program = programWith(Object.fromEntries(laundered.map((one) => [place(one.id), fileOf(one)])));
    for (const { id, code } of laundered) {
      found.push({
        code,
        errors: typeErrors(program, place(id)),
        strict: verdictsOf(program, place(id)).strict,
      });
    }
  });

  it("compile", () => {
    expect(found.filter(({ errors }) => errors.length > 0)).toEqual([]);
  });

  it("are found by strict, whatever the steps", () => {
    expect(found.filter(({ strict }) => strict.length === 0).map(({ code }) => code)).toEqual([]);
  });

  it("do write: a sample of them is run", async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    for (const one of laundered.slice(0, 80))
      expect([one.code, (await runRaw(one)).outcome]).toEqual([one.code, "writes"]);
  });
});
