/**
 * Checks that docs/SPEC.md and the tests say the same: `npm run check:spec`.
 *
 * Every number of the specification names at least one test that enforces it, every test that it names exists, and
 * every test whose title begins with a number has one that the specification knows, under the same file.
 */
import { readdirSync, readFileSync } from "node:fs";

const SPEC = "docs/SPEC.md";
const TEST_FOLDERS = ["convex", "src", "test", "eslint-rules", "tools"];

/** `### ATOMIC-1` or `- **ATOMIC-1** …` */
const NUMBER = /^- \*\*([A-Z]+-\d+)\*\*/;
/** `` Enforced by: `path/to/file.test.ts` › test name `` */
const ENFORCEMENT = /^\s+Enforced by: `([^`]+)` › (.+)$/;
/** The title of a test: the first argument of `test(`, `it(`, and of what `test.each(…)` returns. */
const TITLE =
  /\b(?:test|it)(?:\.\w+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?)?\(\s*(["'`])((?:(?!\1)[^\\]|\\.)*)\1/g;

interface Enforcement {
  number: string;
  file: string;
  title: string;
}

function readSpec(): { numbers: string[]; enforcements: Enforcement[] } {
  const numbers: string[] = [];
  const enforcements: Enforcement[] = [];
  for (const line of readFileSync(SPEC, "utf8").split("\n")) {
    const number = NUMBER.exec(line)?.[1];
    if (number !== undefined) numbers.push(number);
    const [, file, title] = ENFORCEMENT.exec(line) ?? [];
    if (file !== undefined)
      enforcements.push({ number: numbers.at(-1) ?? "nothing", file, title: title!.trim() });
  }
  return { numbers, enforcements };
}

function titlesOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(TITLE)].map(([, , title]) =>
    title!.replaceAll(/\\(.)/g, "$1"),
  );
}

const { numbers, enforcements } = readSpec();
const files = TEST_FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
    (path) => `${folder}/${path.replaceAll("\\", "/")}`,
  ),
).filter((path) => /\.test\.tsx?$/.test(path));
const titles = new Map(files.map((file) => [file, titlesOf(file)]));
const problems: string[] = [];

for (const number of numbers) {
  if (numbers.indexOf(number) !== numbers.lastIndexOf(number)) problems.push(`${number} is there twice.`);
  if (!enforcements.some((enforcement) => enforcement.number === number))
    problems.push(`${number} names no test.`);
}
for (const { number, file, title } of enforcements) {
  const found = titles.get(file);
  if (found === undefined) problems.push(`${number}: there is no test file ${file}.`);
  else if (!found.includes(title)) problems.push(`${number}: ${file} has no test "${title}".`);
}
for (const [file, all] of titles) {
  for (const title of all) {
    const number = /^([A-Z]+-\d+): /.exec(title)?.[1];
    if (number === undefined) continue;
    const known = enforcements.some(
      (one) => one.number === number && one.file === file && one.title === title,
    );
    if (!known) problems.push(`${file}: "${title}" is not in the specification under ${number}.`);
  }
}

if (problems.length > 0) {
  console.error([`${SPEC} and the tests disagree:`, ...problems.map((problem) => `  ${problem}`)].join("\n"));
  process.exitCode = 1;
} else {
  console.log(`${String(numbers.length)} numbers, each enforced by a test.`);
}
