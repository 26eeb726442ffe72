/**
 * What each call of a function evaluates, in bytes: `npm run bench -- sizes`. The functions are bundled as Convex's CLI
 * bundles them (all files of the directory together, with chunks), and minified.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** An app's functions and the component's: directories that the CLI bundles. */
const DIRECTORIES = { app: "example/convex", component: "convex" };

/** Files that the CLI does not take for functions. */
const NO_FUNCTIONS = /(?:^|\/)_generated\/|\.test\.ts$|(?:^|\/)(?:convex\.config|schema)\.ts$/;

/** What a request of Airbyte loads beside http.ts. */
const FOR_AIRBYTE = ["client/importing/answer.js", "client/mirrors.js", "http/airbyte/api.js"];

type Outputs = esbuild.Metafile["outputs"];

async function bundle(directory: string): Promise<Outputs> {
  const from = path.join(ROOT, directory);
  const files = readdirSync(from, { recursive: true, encoding: "utf8" });
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: files
      .filter((file) => file.endsWith(".ts") && !NO_FUNCTIONS.test(file.replaceAll("\\", "/")))
      .map((file) => path.join(from, file)),
    outbase: from,
    outdir: "out",
    bundle: true,
    splitting: true,
    treeShaking: true,
    minify: true,
    keepNames: true,
    platform: "browser",
    format: "esm",
    target: "esnext",
    conditions: ["convex", "module"],
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return metafile.outputs;
}

/** Bytes of some outputs and of all that they import before they run. */
function evaluated(outputs: Outputs, names: readonly string[]): number {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { kind, path: imported, external } of outputs[name]!.imports)
      if (kind === "import-statement" && external !== true) visit(imported);
  };
  names.forEach(visit);
  return [...seen].reduce((bytes, name) => bytes + outputs[name]!.bytes, 0);
}

/** Bytes that a call evaluates, by what is called. */
export async function measureSizes(): Promise<Record<string, number>> {
  const [app, component] = await Promise.all([bundle(DIRECTORIES.app), bundle(DIRECTORIES.component)]);
  const loaded = Object.keys(app).filter((name) =>
    FOR_AIRBYTE.some((end) => app[name]!.entryPoint?.endsWith(end)),
  );
  if (loaded.length !== FOR_AIRBYTE.length) throw new Error("The modules of Airbyte's routes have moved.");
  const scripts = Object.keys(app).find((name) => app[name]!.entryPoint?.endsWith("rows/scripts.js"));
  const write = evaluated(app, ["out/imports.js"]);
  const request = evaluated(app, ["out/http.js", ...loaded]);
  const apply = evaluated(component, ["out/ingest.js"]);
  const check = evaluated(component, ["out/capability.js"]);
  const authenticate = evaluated(component, ["out/access.js"]);
  return {
    "app: imports (read, write)": write,
    "app: http": evaluated(app, ["out/http.js"]),
    "app: http, and what a request of Airbyte loads": request,
    "app: tables for names in other scripts, loaded when one comes": evaluated(app, [scripts!]),
    "component: ingest (applyChunk)": apply,
    "component: capability (check)": check,
    "component: access (authenticate)": authenticate,
    // COST-7 says that it makes these calls.
    "all calls of a delivery": request + authenticate + apply + write + check,
  };
}

/** What nobody can save: a module with one query and one mutation, with validators. */
export async function measureFloor(): Promise<number> {
  return evaluated(await bundle("bench/floor"), ["out/functions.js"]);
}
