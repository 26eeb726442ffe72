// @vitest-environment node
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { evasionTable, missedBy, stops, type Verdict } from "./evasionTable.js";
import { EVASIONS, fileOf, type Evasion } from "./evasions/index.js";
import { refusedByTypes } from "./guardedApp.js";
import { NotInstalled } from "./modules.js";
import { programWith, typeErrors, verdictsOf } from "./programs.js";
import { runGuarded, runRaw, type Outcome } from "./runEvasion.js";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const VERDICTS = path("./evasions/verdicts.json");
const TABLE = path("../../docs/rules/evasions.md");

const BAD = EVASIONS.filter(({ truth }) => truth === "bad");
const CLEAN = EVASIONS.filter(({ truth }) => truth === "clean");
const named = (evasions: readonly Evasion[]) => evasions.map((one) => [one.id, one.code] as const);

const verdicts: Record<string, Verdict> = {};
const errors: Record<string, string[]> = {};
/** What programs do with Convex's own builders; those that were not run are missing. */
const unguarded: Record<string, Outcome> = {};

/** The page as the formatter leaves it. */
const table = (): Promise<string> =>
  format(evasionTable(EVASIONS, verdicts), { parser: "markdown", printWidth: 110 });

beforeAll(async () => {
  // Programs and libraries print as they like.
  for (const method of ["log", "warn", "error", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation(() => undefined);
  }
  const place = ({ id, extension }: Evasion): string => `convex/${id}.${extension}`;
  const program = programWith(Object.fromEntries(EVASIONS.map((one) => [place(one), fileOf(one)])));
  for (const one of EVASIONS) errors[one.id] = typeErrors(program, place(one));
  const refused = refusedByTypes(EVASIONS, errors);
  for (const one of EVASIONS) {
    verdicts[one.id] = {
      types: refused.has(one.id) ? "refused" : "compiles",
      ...verdictsOf(program, place(one)),
      runTime: await runTimeOf(one),
    };
  }
  if (process.env["UPDATE"] !== undefined) {
    writeFileSync(VERDICTS, await format(JSON.stringify(verdicts), { parser: "json", printWidth: 110 }));
    writeFileSync(TABLE, await table());
  }
});

async function runTimeOf(one: Evasion): Promise<Verdict["runTime"]> {
  if (one.notRun !== null) return `not run: ${one.notRun}`;
  try {
    const { outcome, text } = await runRaw(one);
    unguarded[one.id] = outcome;
    return await runGuarded(one, text);
  } catch (error) {
    if (error instanceof NotInstalled) return `not run: ${error.message} is not installed here`;
    throw error;
  }
}

describe("the evasion suite", () => {
  it("has programs enough, each once", () => {
    expect(BAD.length).toBeGreaterThanOrEqual(600);
    expect(new Set(EVASIONS.map(({ code }) => code)).size).toBe(EVASIONS.length);
  });

  it.each(named(EVASIONS.filter(({ hasErrors }) => !hasErrors)))(
    "%s is a program without type errors",
    (id) => {
      expect(errors[id]).toEqual([]);
    },
  );

  it.each(named(BAD))("strict reports %s: %s", (id) => {
    expect(verdicts[id]?.strict).not.toEqual([]);
  });

  it.each(named(CLEAN))("recommended is silent about %s: %s", (id) => {
    expect(verdicts[id]?.recommended).toEqual([]);
  });

  it("bad programs write a mirror where nothing guards it, and so test something", () => {
    const guardThemselves = BAD.filter(({ code }) => code.includes("./guarded.js")).map(({ id }) => id);
    const harmless = BAD.filter(({ id }) => (unguarded[id] ?? "writes") !== "writes").map(({ id }) => id);
    expect(harmless).toEqual(guardThemselves);
    expect(Object.keys(unguarded).length).toBeGreaterThan(EVASIONS.length * 0.9);
  });

  it("clean programs run, with the guard and without it", () => {
    const exempt = CLEAN.filter(({ code }) => code.includes("streaming-import-allow")).map(({ id }) => id);
    const others = CLEAN.filter(({ id }) => id in unguarded && !exempt.includes(id));
    expect(others.filter(({ id }) => unguarded[id] !== "runs" || verdicts[id]?.runTime !== "runs")).toEqual(
      [],
    );
    // An exemption speaks to the checker alone: a reviewed back-fill is written with Convex's own builders.
    expect(exempt.map((id) => [unguarded[id], verdicts[id]?.runTime])).toEqual([["writes", "refused"]]);
  });

  it("at run time only what does not go through the guarded ctx.db writes a mirror", () => {
    const came = BAD.filter(({ id }) => verdicts[id]?.runTime === "writes");
    const around = /Convex|Syscall|crud|mutationGeneric|untrusted-library/;
    expect(came.filter(({ code }) => !around.test(code))).toEqual([]);
    // What is neither refused nor writes has failed by itself, and would prove nothing.
    const unclear = BAD.filter(
      ({ id }) => !/^(?:refused|writes|not run: .*)$/.test(verdicts[id]?.runTime ?? ""),
    );
    expect(unclear).toEqual([]);
  });

  it("types refuse every plain write: direct, aliased, through helpers, classes and unions of tables", () => {
    const plain = ["alias", "class"];
    const compiles = BAD.filter(({ id, kind }) => plain.includes(kind) && !stops(verdicts[id]!, "types"));
    expect(compiles.map(({ id }) => id)).toEqual([]);
  });

  it("no bad program comes past all layers", () => {
    expect(missedBy(EVASIONS, verdicts, ["types", "recommended", "strict", "runTime"])).toEqual([]);
  });

  it("says of every program what it said before", () => {
    expect(verdicts).toEqual(JSON.parse(readFileSync(VERDICTS, "utf8")));
  });

  it("is what the documentation shows", async () => {
    expect(readFileSync(TABLE, "utf8")).toBe(await table());
    const all = String(BAD.length);
    expect(readFileSync(path("../../README.md"), "utf8")).toContain(
      `[${all} of ${all}](docs/rules/evasions.md)`,
    );
  });
});
