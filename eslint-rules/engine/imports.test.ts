// @vitest-environment node
import { expect, it } from "vitest";
import { programWith, verdictsOf } from "../../test/guard/programs.js";

const SAVE = `import type { MutationCtx } from "../../_generated/server.js";
export const save = (ctx: MutationCtx) => ctx.db.insert("customers", {} as never);
export interface Saved { id: string }`;

const strictOf = (code: string): string[] =>
  verdictsOf(
    programWith({ "convex/node_modules/convex-helpers/save.ts": SAVE, "convex/run.ts": code }),
    "convex/run.ts",
  ).strict;

it.each([
  `import { save } from "./node_modules/convex-helpers/save.js";`,
  `import "./node_modules/convex-helpers/save.js";`,
  `export { save } from "./node_modules/convex-helpers/save.js";`,
  `export * from "./node_modules/convex-helpers/save.js";`,
  `const { save } = await import("./node_modules/convex-helpers/save.js");`,
  `import helpers = require("./node_modules/convex-helpers/save.js");`,
])("a package that is imported by a path is not the one that is trusted: %s", (code) => {
  expect(strictOf(`${code}\nexport {};`)).toContain("packagePath");
});

it.each([
  `import { nullThrows } from "convex-helpers"; export const f = nullThrows;`,
  `import { v } from "convex/values"; export const f = v.id("notes");`,
  `import type { Saved } from "./node_modules/convex-helpers/save.js"; export type One = Saved;`,
  `export type { Saved } from "./node_modules/convex-helpers/save.js";`,
])("a package by its name, and types, are no such import: %s", (code) => {
  expect(strictOf(code)).not.toContain("packagePath");
});
