// @vitest-environment node
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path, { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it, onTestFinished } from "vitest";
import { entryPointsOf } from "./deployed.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** `entryPoints` of Convex's own bundler, as it is published; the rest of that module needs packages that are not here. */
function entryPointsOfConvex(): (directory: string) => Promise<string[]> {
  const text = readFileSync(`${ROOT}/node_modules/convex/dist/esm/bundler/index.js`, "utf8");
  const part = (from: string, to: string): string => text.slice(text.indexOf(from), text.indexOf(to));
  const code = `${part("export function* walkDir", "async function doEsbuild")}
${part("const ENTRY_POINT_EXTENSIONS", "export const useNodeDirectiveRegex")}`.replaceAll("export ", "");
  const fs = {
    exists: existsSync,
    listDir: (path: string) => readdirSync(path, { withFileTypes: true }),
    readUtf8File: (path: string) => readFileSync(path, "utf8"),
  };
  const make = new Function(
    "path",
    "consistentPathSort",
    "logVerbose",
    "chalkStderr",
    `${code}; return entryPoints;`,
  ) as (...given: unknown[]) => (ctx: object, directory: string) => Promise<string[]>;
  const entryPoints = make(
    path,
    () => 0,
    () => undefined,
    { green: String, yellow: String },
  );
  return (directory) => entryPoints({ fs }, directory);
}

it("lists the modules that Convex's own command lists", async () => {
  const theirs = entryPointsOfConvex();
  const module = "export {};";
  const files = {
    "convex/a.ts": module,
    "convex/b.cjs": module,
    "convex/c.mts": module,
    "convex/d.cts": module,
    "convex/e.jsx": module,
    "convex/deep/_generated/f.ts": module,
    "convex/.dot/g.ts": module,
    "convex/.h.ts": module,
    "convex/#i.ts": module,
    "convex/j k.ts": module,
    "convex/l.test.ts": module,
    "convex/m.d.ts": module,
    "convex/empty.ts": "const x = 1;",
    "convex/script.js": "1;",
    "convex/part/convex.config.ts": module,
    "convex/part/n.ts": module,
    "convex/other/convex.config.js": module,
    "convex/other/o.ts": module,
    "convex/auth.config.ts": module,
    "convex/deep/schema.ts": module,
    "convex/p.json": "{}",
    "convex/schema.ts": module,
    "convex/_generated/server.js": module,
  };
  const cwd = mkdtempSync(join(tmpdir(), "deployed-"));
  onTestFinished(() => {
    rmSync(cwd, { recursive: true });
  });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  }
  const functions = join(cwd, "convex");
  expect(entryPointsOf(ts, functions).sort()).toEqual((await theirs(functions)).sort());
});
