import { createRequire } from "node:module";
import path from "node:path";
import { AppMirrors } from "../../client/mirrors.js";
import { describeMirror } from "../../http/v1/read.js";
import { CliError, messageOf } from "../terminal/exit.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { exportContracts } from "../../schema/exportTable.js";
import { installed } from "./manifests.js";
import { findModule, type Project } from "./project.js";

/** As much of esbuild as is used. */
interface Bundler {
  build: (options: Record<string, unknown>) => Promise<{ outputFiles: { text: string }[] }>;
}

/** Fields with `hash` cannot be compiled without a key; what is compared here does not depend on it. */
const ANY_HASH_KEY = "0123456789abcdef";

/** What the project's schema.ts declares. */
export interface LocalSchema {
  /** Its mirrors, as `GET /v1/mirrors` would describe them. */
  mirrors: MirrorInfo[];
  /** The names of the tables that it exports. */
  exported: string[];
}

/**
 * Reads what the project's schema.ts declares. The schema is bundled, with the
 * bundler of the project's Convex, and loaded.
 * @throws CliError when the schema cannot be loaded, or makes no sense
 */
export async function localSchema(project: Project): Promise<LocalSchema> {
  const schema = findModule(project, "schema");
  if (schema === null)
    throw new CliError("SchemaUnreadable", `There is no ${project.functionsDir}/schema.ts.`);
  try {
    const { default: evaluated } = (await import(await bundle(project.root, schema.file))) as {
      default: ConstructorParameters<typeof AppMirrors>[0];
    };
    const { all } = new AppMirrors(evaluated, ANY_HASH_KEY);
    return {
      mirrors: all.map((mirror) => JSON.parse(JSON.stringify(describeMirror(mirror))) as MirrorInfo),
      exported: [...exportContracts(evaluated).keys()],
    };
  } catch (error) {
    throw new CliError("SchemaUnreadable", `${schema.file} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The module with all that it imports, as a URL. */
async function bundle(root: string, file: string): Promise<string> {
  const convex = installed(root, "convex");
  if (convex === null) throw new CliError("PackageMissing", "convex is not installed.");
  const require = createRequire(path.join(convex.directory, "package.json"));
  const { build } = require("esbuild") as Bundler;
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
  });
  const code = outputFiles[0]?.text ?? "";
  return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}
