// @vitest-environment node
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";

/** What `npm pack` would publish. The build has run before: `npm test` sees to that. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Folders whose sources are published, and built into dist. */
const SOURCES = ["convex", "src", "eslint-rules"];

/** Published as source only: the test runner of the app that imports it compiles it. */
const NOT_BUILT = "src/test.ts";

type Targets = string | { [condition: string]: Targets };

const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
  exports: Record<string, Targets>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

let packed: string[];

beforeAll(() => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  packed = files.map(({ path }) => path);
});

function publishedSources(): string[] {
  return SOURCES.flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: "utf8" }).map(
      (file) => `${folder}/${file}`,
    ),
  ).filter((file) => /\.tsx?$/.test(file) && !/\.test(-d)?\.tsx?$|\/testing\//.test(file));
}

test("holds the sources, what is built from them, the app that init writes, and files about the package: nothing else", () => {
  const sources = publishedSources();
  const built = sources
    .filter((file) => file !== NOT_BUILT)
    .map((file) => file.replace(/\.tsx?$/, ""))
    .flatMap((file) => [`dist/${file}.js`, `dist/${file}.js.map`, `dist/${file}.d.ts`]);

  // The pages that the ESLint rules lead to.
  const pages = readdirSync(`${ROOT}/docs/rules`).map((file) => `docs/rules/${file}`);

  const styles = "src/react/styles.css";

  const template = readdirSync(`${ROOT}/template`, { recursive: true, encoding: "utf8" })
    .map((file) => `template/${file.replaceAll("\\", "/")}`)
    .filter((file) => statSync(`${ROOT}/${file}`).isFile());

  const about = ["LICENSE", "README.md", "llms.txt", "package.json"];
  const expected = [...sources, ...built, ...pages, ...template, styles, ...about];
  // A file too many under dist belongs to a source that is gone: the build removes those.
  expect({
    missing: expected.filter((file) => !packed.includes(file)),
    unexpected: packed.filter((file) => !expected.includes(file)),
  }).toEqual({ missing: [], unexpected: [] });
});

test("every entry point leads to a file that is in the package", () => {
  const targets = [manifest.exports, manifest.bin ?? {}].flatMap(filesOf);

  expect(targets.length).toBeGreaterThan(5);
  expect(targets.filter((target) => !packed.includes(target))).toEqual([]);
});

test("what is built imports only what the package depends on", () => {
  const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const undeclared = packed
    .filter((file) => file.startsWith("dist/") && file.endsWith(".js"))
    .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
    .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
    .filter(({ specifier }) => !declared.has(packageOf(specifier)));

  expect(undeclared).toEqual([]);
});

test("the lock file leaves it to npm where packages come from", () => {
  expect(readFileSync(`${ROOT}/package-lock.json`, "utf8")).not.toContain('"resolved"');
});

function filesOf(targets: Targets): string[] {
  return typeof targets === "string"
    ? [targets.replace(/^\.\//, "")]
    : Object.values(targets).flatMap(filesOf);
}

function importsOf(file: string): string[] {
  const code = readFileSync(`${ROOT}/${file}`, "utf8");
  return ts.preProcessFile(code).importedFiles.map(({ fileName }) => fileName);
}

/** "@noble/hashes/sha2.js" is of the package "@noble/hashes". */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
