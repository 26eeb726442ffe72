/** The rules for mirrors, as an app's ESLint has them, on the functions of the pages. */
import { Linter } from "eslint";
import tseslint from "typescript-eslint";
import streamingImport from "../../eslint-rules/index.js";
import { titleOf, type PagesProgram, type Placed } from "./project.js";

/** Whether a block is a Convex function, or a helper of one. */
export function isFunction({ path }: Placed): boolean {
  return /\/convex\/(?!.*\.test\.).*\.ts$/.test(path);
}

/** What the recommended preset reports, with the place of the block. */
export function lint(compiled: PagesProgram, placed: readonly Placed[]): string[] {
  const linter = new Linter();
  const parsing = {
    files: ["**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { programs: [compiled.program] } },
  };
  const config = [...streamingImport.configs.recommended, parsing] as Linter.Config[];
  return placed.flatMap((one) =>
    linter
      .verify(compiled.textOf(one.path), config, one.path)
      .map(({ ruleId, message }) => `${titleOf(one)}: ${ruleId ?? ""} ${message}`),
  );
}
