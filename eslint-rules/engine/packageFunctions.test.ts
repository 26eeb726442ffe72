// @vitest-environment node
import { expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";

const EXEMPTED = `import { add, make } from "untrusted-library";
export const a = add; // streaming-import-allow customers until 2026-12-31: reviewed, writes a table of its own
`;

it.each([
  ["alone", "", []],
  [
    "beside one that is kept before it is exported",
    'const held: any[] = []; held.push(make("customers")); export const f = held[0];',
    ["packageFunction"],
  ],
])("an exempted mutation of a package, %s", (_, code, reported) => {
  const path = "convex/brought.ts";
  const program = programWith({ [path]: EXEMPTED + code });
  expect(typeErrors(program, path)).toEqual([]);
  expect(verdictsOf(program, path).strict).toEqual(reported);
});
