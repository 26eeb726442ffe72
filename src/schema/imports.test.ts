// @vitest-environment node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** The packages that a file of this repository loads when it runs, directly and through others. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  const code = readFileSync(file, "utf8");
  for (const [, from] of code.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm)) {
    if (!from!.startsWith(".")) packages.add(from!);
    else
      for (const name of packagesOf(
        fileURLToPath(new URL(from!.replace(/\.js$/, ".ts"), `file://${file}`)),
        seen,
      ))
        packages.add(name);
  }
  return packages;
}

const packagesIn = (folder: string) =>
  packagesOf(fileURLToPath(new URL(`${folder}/index.ts`, import.meta.url)));

test("schema.ts and the guard, which every function of an app loads, bring nothing but Convex", () => {
  for (const folder of [".", "../guard"]) {
    expect([...packagesIn(folder)].filter((name) => !/^convex\/(values|server)$/.test(name))).toEqual([]);
  }
  expect(packagesIn(".")).toContain("convex/server");
});
