// @vitest-environment node
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { beforeAll, describe, expect, it } from "vitest";
import { evasionTable, type OtherLayers, type Verdict } from "./testing/evasionTable.js";
import { EVASIONS, fileOf } from "./testing/evasions/index.js";
import { programWith, typeErrors, verdictsOf } from "./testing/programs.js";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const VERDICTS = path("./testing/evasions/verdicts.json");
const TABLE = path("../docs/rules/evasions.md");
/** Written by the tests of the guard's types and run time, when they run these programs. */
const OTHERS = path("../src/guard/testing/evasion-verdicts.json");

const verdicts: Record<string, Verdict> = {};
const errors: Record<string, string[]> = {};

/** The page as the formatter leaves it. */
const table = (): Promise<string> =>
  format(evasionTable(EVASIONS, verdicts, others()), { parser: "markdown", printWidth: 110 });

beforeAll(async () => {
  const place = (id: string, extension: string): string => `convex/${id}.${extension}`;
  const program = programWith(
    Object.fromEntries(EVASIONS.map((one) => [place(one.id, one.extension), fileOf(one)])),
  );
  for (const one of EVASIONS) {
    verdicts[one.id] = verdictsOf(program, place(one.id, one.extension));
    errors[one.id] = one.hasErrors ? [] : typeErrors(program, place(one.id, one.extension));
  }
  if (process.env["UPDATE"] !== undefined) {
    writeFileSync(VERDICTS, `${JSON.stringify(verdicts, null, 2)}\n`);
    writeFileSync(TABLE, await table());
  }
}, 120_000);

function others(): OtherLayers {
  return existsSync(OTHERS) ? (JSON.parse(readFileSync(OTHERS, "utf8")) as OtherLayers) : {};
}

describe("the evasion suite", () => {
  it("has programs enough, each once", () => {
    expect(EVASIONS.filter(({ truth }) => truth === "bad").length).toBeGreaterThanOrEqual(170);
    expect(new Set(EVASIONS.map(({ code }) => code)).size).toBe(EVASIONS.length);
  });

  it.each(EVASIONS.map((one) => [one.id, one] as const))("%s is a program without type errors", (id) => {
    expect(errors[id]).toEqual([]);
  });

  const bad = EVASIONS.filter(({ truth }) => truth === "bad");
  it.each(bad.map((one) => [one.id, one.code] as const))("strict reports %s: %s", (id) => {
    expect(verdicts[id]?.strict).not.toEqual([]);
  });

  const clean = EVASIONS.filter(({ truth }) => truth === "clean");
  it.each(clean.map((one) => [one.id, one.code] as const))("recommended is silent about %s: %s", (id) => {
    expect(verdicts[id]?.recommended).toEqual([]);
  });

  it("says of every program what it said before", () => {
    expect(verdicts).toEqual(JSON.parse(readFileSync(VERDICTS, "utf8")));
  });

  it("is what the documentation shows", async () => {
    expect(readFileSync(TABLE, "utf8")).toBe(await table());
  });
});
