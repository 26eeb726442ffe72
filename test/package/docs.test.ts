// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...readdirSync(`${ROOT}/docs`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}

/** A page without its code, which may look like a link. */
function prose(file: string): string {
  return read(file).replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, "");
}

/** The name that GitHub gives a heading for links. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test("docs/errors.md has a heading for every code, and for nothing else", () => {
  const declaration = /export type ErrorCode =([^;]+);/.exec(read("src/http/errors.ts"))![1]!;
  const codes = [...declaration.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
  const headings = [...read("docs/errors.md").matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading!);

  expect(codes.length).toBeGreaterThan(10);
  expect(headings.toSorted()).toEqual(codes.toSorted());
});

test.each(PAGES)("every link of %s inside the repository leads somewhere", (page) => {
  const broken = [...prose(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => {
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(ROOT, linked))) return true;
      return anchor !== undefined && !anchors(read(linked)).includes(anchor);
    });

  expect(broken).toEqual([]);
});

test.each(PAGES)("every npm script that %s names exists", (page) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...read(page).matchAll(/npm (?:run ([\w:-]+)|(test)\b)/g)].map(
    (match) => (match[1] ?? match[2])!,
  );

  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
