/**
 * Checks the package as npm would publish it: publint (does package.json say what is in the tarball?) and
 * are-the-types-wrong (does every entry point resolve, with its types?).
 *
 * The package is ESM only, as Convex's bundler and every official component are: `require` of it is not checked
 * (profile esm-only). The entry point `./test` is TypeScript source, as in official components: a test of an app needs
 * the component's modules through `import.meta.glob`, which only Vite, compiling that source, can resolve.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pack, run } from "./package/commands.js";

const directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-package-"));
try {
  const tarball = await pack(directory);
  for (const [command, ...args] of [
    ["publint", "run", tarball, "--strict"],
    // A stylesheet has no types.
    [
      "attw",
      tarball,
      "--profile",
      "esm-only",
      "--format",
      "ascii",
      "--exclude-entrypoints",
      "react/styles.css",
    ],
  ] as const) {
    process.stdout.write(await run("npm", ["exec", "--no", "--", command, ...args]));
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
