// @vitest-environment node
import path from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, test } from "vitest";
import { readCases, type Case } from "./cases.js";
import { compile, COMPILERS, type Diagnostic } from "./compile.js";

const here = import.meta.dirname;
const cases = readCases(path.join(here, "programs"));
const expectations = cases.flatMap((one) => one.expectations);

/** What the compiler said that no mark expects, and what the marks expect and it did not say. */
function differences(errors: Diagnostic[]): string[] {
  const differ: string[] = [];
  const open = [...errors];
  for (const { file, line, codes, fragment } of expectations) {
    const place = `${file}:${String(line)}`;
    const index = open.findIndex((error) => error.file === file && error.line === line);
    const [found] = index === -1 ? [] : open.splice(index, 1);
    if (found === undefined) differ.push(`${place} compiles; expected "${fragment}"`);
    else if (!codes.includes(found.code)) differ.push(`${place} is ${found.code}, not ${codes.join(" or ")}`);
    else if (!found.message.includes(fragment)) differ.push(`${place} says: ${found.message}`);
  }
  for (const { file, line, code, message } of open) {
    differ.push(`${file}:${String(line)} is refused unexpectedly: ${code} ${message}`);
  }
  return differ;
}

describe("the marks", () => {
  test("every id is used once", () => {
    const ids = cases.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("a bad case is refused or says why it is not", () => {
    const silent = cases.filter(
      ({ truth, expectations, notRefused }) =>
        expectations.length > 0 === (notRefused !== null) && (truth === "bad" || notRefused !== null),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});

describe("the compilers", () => {
  test.each(Object.entries(COMPILERS))(
    "TypeScript %s gives the verdicts that are marked",
    async (version, name) => {
      const found = await compile(name, path.join(here, "tsconfig.json"));
      expect(found.version).toMatch(new RegExp(`^${version.replace(".", "\\.")}\\.`));
      expect(differences(found.errors)).toEqual([]);
    },
  );

  test("verdicts.json says the same", async () => {
    const verdicts = cases.map(verdictOf);
    const count = (truth: Case["truth"], types: string): number =>
      verdicts.filter((verdict) => verdict.truth === truth && verdict.types === types).length;
    const report = {
      compilers: Object.keys(COMPILERS),
      bad: { refused: count("bad", "refused"), "not refused": count("bad", "not refused") },
      clean: { compiles: count("clean", "compiles"), refused: count("clean", "refused") },
      cases: verdicts,
    };
    const options = { ...(await resolveConfig(import.meta.filename)), parser: "json" };
    await expect(await format(JSON.stringify(report), options)).toMatchFileSnapshot("./verdicts.json");
  });
});

function verdictOf({ id, name, truth, file, notRefused, expectations }: Case) {
  const [first] = expectations;
  if (first !== undefined) return { id, name, truth, types: "refused", says: first.fragment, file };
  if (notRefused !== null) return { id, name, truth, types: "not refused", because: notRefused, file };
  return { id, name, truth, types: "compiles", file };
}
