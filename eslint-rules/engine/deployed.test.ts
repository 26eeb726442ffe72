// @vitest-environment node
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path, { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import { expect, it, onTestFinished } from "vitest";
import { deployedPaths, entryPointsOf } from "./deployed.js";

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

function directoryWith(files: Readonly<Record<string, string>>): string {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), "deployed-")));
  onTestFinished(() => {
    rmSync(cwd, { recursive: true });
  });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  }
  return cwd;
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
  const functions = join(directoryWith(files), "convex");
  expect(entryPointsOf(ts, functions).sort()).toEqual((await theirs(functions)).sort());
});

it.each<readonly [string, Readonly<Record<string, string>>]>([
  [
    "JavaScript beside its source, where the import names it",
    { "convex/a.ts": 'import "../lib/save.js";', "lib/save.js": "", "lib/save.ts": "" },
  ],
  [
    "the source, where the import names JavaScript that is not there",
    { "convex/a.ts": 'import "../lib/save.js";', "lib/save.ts": "" },
  ],
  [
    ".tsx before .ts before .jsx before .js",
    {
      "convex/a.ts": 'import "../lib/one"; import "../lib/two"; import "../lib/three";',
      "lib/one.ts": "",
      "lib/one.tsx": "",
      "lib/two.js": "",
      "lib/two.ts": "",
      "lib/three.js": "",
      "lib/three.jsx": "",
    },
  ],
  [
    "what the field browser names, file by file",
    {
      "package.json": '{ "browser": { "./lib/save.ts": "./lib/browser.ts" } }',
      "convex/a.ts": 'import "../lib/save";',
      "lib/browser.ts": "",
      "lib/save.d.ts": "",
    },
  ],
  [
    "the main file of a package for browsers",
    {
      "convex/a.ts": 'import "shared"; import "../lib";',
      "shared/package.json": '{ "name": "shared", "main": "./index.js", "module": "./module.js" }',
      "shared/index.js": "",
      "shared/module.js": "",
      "lib/package.json": '{ "main": "./index.js", "browser": "./browser.js" }',
      "lib/index.js": "",
      "lib/browser.js": "",
    },
  ],
  [
    "the main file and the files of a package whose `typesVersions` move what TypeScript finds",
    {
      "convex/a.ts": 'import "shared"; import "shared/deep";',
      "shared/package.json":
        '{ "name": "shared", "main": "./index.ts", "types": "./index.ts", "typesVersions": { "*": { "*": ["./typed/*"] } } }',
      "shared/index.ts": "",
      "shared/deep.ts": "",
      "shared/typed/index.ts": "",
      "shared/typed/deep.ts": "",
    },
  ],
  [
    "the file without the suffixes that a tsconfig.json adds",
    {
      "convex/tsconfig.json": '{ "compilerOptions": { "moduleSuffixes": [".typed", ""] } }',
      "convex/a.ts": 'import "../lib/save";',
      "lib/save.ts": "",
      "lib/save.typed.ts": "",
    },
  ],
  [
    "what the conditions of a package name",
    {
      "convex/a.ts": 'import "shared";',
      "shared/package.json":
        '{ "name": "shared", "exports": { "browser": "./browser.js", "default": "./index.js" } }',
      "shared/browser.js": "",
      "shared/index.js": "",
    },
  ],
  [
    "what the nearest tsconfig.json calls by a name",
    {
      "convex/a.ts": 'import "@/a"; import "../lib/b";',
      "convex/tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["../mine/*"] } } }',
      "lib/b.ts": 'import "@/b";',
      "lib/tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["../theirs/*"] } } }',
      "mine/a.ts": "",
      "mine/b.ts": "",
      "theirs/b.ts": "",
    },
  ],
  [
    "a file of one's own in _generated",
    {
      "convex/a.ts": 'import "./_generated/extra";',
      "convex/_generated/extra.ts": "",
    },
  ],
])("bundles %s, as the bundler does", async (_, files) => {
  const cwd = directoryWith(files);
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(join(cwd, "shared"), join(cwd, "node_modules/shared"));
  const functions = join(cwd, "convex");
  const { metafile } = await build({
    absWorkingDir: cwd,
    entryPoints: [join(functions, "a.ts")],
    bundle: true,
    platform: "browser",
    conditions: ["convex", "module"],
    write: false,
    metafile: true,
  });
  const { options } = ts.parseJsonConfigFileContent(
    (ts.readConfigFile(join(functions, "tsconfig.json"), ts.sys.readFile).config ?? {}) as object,
    ts.sys,
    functions,
  );
  const ours = deployedPaths(
    ts,
    {
      ...options,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowJs: true,
    },
    functions,
    [join(functions, "a.ts")],
    () => undefined,
  );
  // The main file of a package may also be imported by its own name; what TypeScript finds is looked at, too.
  const mains = ["lib/index.js", "shared/index.js", "shared/typed/index.ts", "shared/typed/deep.ts"].map(
    (one) => join(cwd, one),
  );
  const theirs = Object.keys(metafile.inputs).map((one) => join(cwd, one));
  expect([...ours].filter((one) => !mains.includes(one)).sort()).toEqual(theirs.sort());
});
