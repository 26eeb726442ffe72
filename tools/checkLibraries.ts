/**
 * Checks the guard against libraries as they are published, where the tests have stubs: `npm run check:libraries`. They
 * are installed beside a copy of the fixture app, and the tests of everything that knows them run on that copy. The
 * verdicts have to be those of the stubs.
 */
import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PUBLISHED } from "../test/guard/published.js";
import { ROOT, run } from "./package/commands.js";

const FIXTURE = path.join(ROOT, "test/guard/fixture");
/** Read by test/guard/programs.ts. */
const VARIABLE = "GUARD_FIXTURE";

/** The tests in which the libraries' types count; the pages of the documentation are made from the stubs. */
const TESTS = [
  "eslint-rules/engine/libraries",
  "eslint-rules/rules/no-mirror-factories",
  "test/guard/evasions",
];

const directory = await realpath(await mkdtemp(path.join(os.tmpdir(), "streaming-import-libraries-")));
try {
  await writeFile(path.join(directory, "package.json"), JSON.stringify({ name: "libraries", private: true }));
  const packages = Object.entries(PUBLISHED).map(([name, version]) => `${name}@${version}`);
  // Only their declarations are needed; what they are peers of is this repository's.
  const flags = ["--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...flags, ...packages], directory);
  await rm(path.join(directory, "node_modules", "convex"), { recursive: true, force: true });
  await symlink(path.join(ROOT, "node_modules", "convex"), path.join(directory, "node_modules", "convex"));
  const app = path.join(directory, "app");
  await cp(FIXTURE, app, { recursive: true });
  await writeFile(path.join(app, "tsconfig.json"), await withoutStubs());
  process.env[VARIABLE] = app;
  await run("npx", ["vitest", "run", ...TESTS, "--typecheck.enabled=false"]);
  process.stdout.write(`${packages.join(", ")}: the verdicts are those of the stubs\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** The fixture's tsconfig.json for its copy: with the sources of this package, and without the stubs. */
async function withoutStubs(): Promise<string> {
  const config = JSON.parse(await readFile(path.join(FIXTURE, "tsconfig.json"), "utf8")) as {
    compilerOptions: { paths: Record<string, string[]> };
  };
  const { paths } = config.compilerOptions;
  const kept = Object.entries(paths).filter(
    ([name]) => !Object.keys(PUBLISHED).some((library) => name === library || name.startsWith(`${library}/`)),
  );
  config.compilerOptions.paths = Object.fromEntries(
    kept.map(([name, targets]) => [name, targets.map((target) => path.resolve(FIXTURE, target))]),
  );
  return JSON.stringify(config);
}
