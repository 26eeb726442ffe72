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

function empty(...paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((one) => [one, ""]));
}

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
    "what the conditions of `imports` name",
    {
      "package.json": `{ "imports": {
        "#one": { "checked": "./lib/typed.ts", "types": "./lib/one.d.ts", "default": "./lib/one.js" },
        "#two": { "node": "./lib/typed.ts", "require": "./lib/typed.ts", "import": { "convex": "./lib/two.ts" } },
        "#three": [null, { "node": "./nowhere.js" }, "./lib/three.js"], "#lib/*": "./lib/*.js", "#lib/*/five": null, "#lib/deep/*": "./lib/six/*.ts",
        "#seven": "shared" } }`,
      "convex/a.ts":
        'import "#one"; import "#two"; import "#three"; import "#lib/four"; import "#lib/deep/a"; import "#seven";',
      "shared/package.json":
        '{ "name": "shared", "exports": ["nowhere", "./../lib/typed.ts", "./index.js"] }',
      ...empty(
        "lib/one.js",
        "lib/one.d.ts",
        "lib/typed.ts",
        "lib/two.ts",
        "lib/three.ts",
        "lib/four.js",
        "lib/six/a.ts",
      ),
      ...empty("shared/index.js", "lib/deep/a.js"),
    },
  ],
  [
    "what a package gives out to itself",
    {
      "package.json":
        '{ "name": "app", "exports": { "./one": { "types": "./lib/one.d.ts", "module": "./lib/one.js" }, ".": "./lib/two.js" } }',
      "convex/a.ts": 'import "app/one"; import "app";',
      ...empty("lib/one.js", "lib/one.d.ts", "lib/two.js", "lib/two.ts"),
    },
  ],
  [
    "the main file of a folder, not its types",
    {
      "convex/a.ts": 'import "../lib"; import "../other/"; import "../third";',
      "lib/package.json": '{ "main": "./impl", "types": "./typed.ts" }',
      "other/package.json": '{ "main": "./nowhere.js", "types": "./typed.ts" }',
      "third/package.json": '{ "main": "./inside" }',
      ...empty("lib/impl.js", "lib/typed.ts", "lib/index.ts", "other/typed.ts", "other/index.js", "other.ts"),
      ...empty("third/inside/index.js", "third/index.js"),
    },
  ],
  [
    "the first target of `paths` that is there, and no declaration file",
    {
      "convex/a.ts":
        'import "@lib/one"; import "@lib/two"; import "three"; import "@lib/deep/four"; import "lib/five";',
      "tsconfig.json": `{ "extends": "./base.json", "compilerOptions": { "rootDirs": ["lib", "types"] } }`,
      "base.json": `{ "compilerOptions": { "baseUrl": ".", "paths": {
        "@lib/*": ["./types/*", "./lib/*"], "three": ["./types/three.d.ts", "./lib/three"], "@lib/deep/*": ["./deep/*"] } } }`,
      ...empty(
        "types/one.d.ts",
        "lib/one.js",
        "types/two.ts",
        "lib/two.ts",
        "types/three.d.ts",
        "lib/three.jsx",
      ),
      ...empty("deep/four.ts", "lib/deep/four.ts", "lib/five.ts"),
    },
  ],
  [
    "what a jsconfig.json calls by a name",
    {
      "convex/a.js": "",
      "convex/a.ts": 'import "@/one";',
      "jsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
      "lib/one.js": "",
    },
  ],
  [
    "what `require` finds where it differs from `import`",
    {
      "convex/a.ts": 'require("shared"); require("#one");',
      "package.json": '{ "imports": { "#one": { "import": "./lib/one.mjs", "require": "./lib/one.cjs" } } }',
      "shared/package.json": '{ "name": "shared", "main": "./index.js", "module": "./index.js" }',
      ...empty("shared/index.js", "lib/one.cjs"),
    },
  ],
  [
    "a file whose name in the import has a suffix",
    {
      "convex/a.ts": 'import "../lib/save.js?safe"; import "../lib/other#safe";',
      ...empty("lib/save.js", "lib/other.ts"),
    },
  ],
  [
    "what the field browser names for a folder and a package",
    {
      "package.json":
        '{ "browser": { "./lib/index.ts": "./lib/browser", "shared": "./lib/shared.js", "./gone.ts": false } }',
      "convex/a.ts": 'import "../lib"; import "shared"; import "../gone";',
      "shared/package.json": '{ "name": "shared" }',
      ...empty("lib/index.ts", "lib/browser.js", "lib/shared.js", "shared/index.js"),
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
  const ours = deployedPaths(ts, functions, [join(functions, "a.ts")], () => undefined);
  const theirs = Object.keys(metafile.inputs)
    .filter((one) => !one.startsWith("(disabled):"))
    .map((one) => join(cwd, one.replace(/[?#].*$/, "")));
  expect([...ours].sort()).toEqual(theirs.sort());
});
