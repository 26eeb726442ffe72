// @vitest-environment node
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { ownDirectory, sourceOfCopy } from "./manifests.js";

test.each([
  ["file:../packed.tgz", "file:../../packed.tgz"],
  ["./packed.tgz", "file:../packed.tgz"],
  ["file:packed.tgz", "file:../packed.tgz"],
  ["^0.1.0", "^0.1.0"],
  [undefined, "^9.8.7"],
])("a project that depends on %s: the new app depends on the same package", (asked, source) => {
  const root = mkdtempSync(path.join(os.tmpdir(), "installed-"));
  try {
    const dependencies = asked === undefined ? {} : { "convex-streaming-import": asked };
    writeFileSync(path.join(root, "package.json"), JSON.stringify({ dependencies }));
    for (const store of ["node_modules", "node_modules/.pnpm/x/node_modules"]) {
      const copy = path.join(root, store, "convex-streaming-import");
      mkdirSync(copy, { recursive: true });
      writeFileSync(path.join(copy, "package.json"), JSON.stringify({ version: "9.8.7" }));
      expect(sourceOfCopy(copy, path.join(root, "app"))).toBe(source);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a clone is installed by no project", () => {
  expect(sourceOfCopy(ownDirectory(), os.tmpdir())).toBeNull();
});
