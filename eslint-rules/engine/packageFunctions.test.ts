// @vitest-environment node
import { expect, it } from "vitest";
import { analyze, programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";

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

it.each([
  ["a constant", "const x = add; export const f = x;", 1],
  ["a constant, by a list", "const x = add; export { x as f };", 1],
  ["a constant, as the default", "const x = add; export default x;", 1],
  ["a chain of constants", "const x = add; const y = x; export const f = y;", 1],
  ["a constant, twice", "const x = add; export const f = x; export const g = x;", 2],
  ["what a function of the package makes", 'const x = make("customers"); export const f = x;', 1],
  [
    "a constant that also goes elsewhere",
    "const x = add; export const f = x; const all: unknown[] = []; all.push(x);",
    2,
  ],
  ["a variable, which may change", "let x: typeof add | null = add; export const f = x; x = null;", 2],
  ["nothing: it is only kept", "const x = add; void x;", 1],
])("a mutation of a package that is exported through %s", (_, code, findings) => {
  const path = "convex/through.ts";
  const program = programWith({ [path]: `import { add, make } from "untrusted-library"; ${code}` });
  expect(typeErrors(program, path)).toEqual([]);
  const found = analyze(program, path).findings.filter((one) => one.messageId === "packageFunction");
  expect(found).toHaveLength(findings);
});

it("a variable that is made of itself comes from where its first value does", () => {
  const text = (again: string) => `import { add } from "untrusted-library";
function slug(input: string) { let text = input; for (let i = 0; i < 3; i++) text = text.replace("  ", " "); ${again} return text; }
export const title = slug("a  b");
let made: any = add; made = made ?? made; export const f = made;`;
  const program = programWith({ "convex/slug.ts": text("text = text.trim(); ".repeat(12)) });
  expect(typeErrors(program, "convex/slug.ts")).toEqual([]);
  expect(verdictsOf(program, "convex/slug.ts").strict).toEqual(["packageFunction"]);
});

it("the type of a package is no mutation", () => {
  const program = programWith({
    "convex/types.ts": 'import { type add } from "untrusted-library"; export { type add };',
  });
  expect(verdictsOf(program, "convex/types.ts").strict).toEqual([]);
});
