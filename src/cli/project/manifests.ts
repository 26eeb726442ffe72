import { createRequire } from "node:module";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";

const NAME = "convex-streaming-import";

/** What this package's own package.json says. */
export interface OwnManifest {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** The sources are one level higher than the build, which keeps the folder. */
export function ownManifest(): OwnManifest {
  const require = createRequire(import.meta.url);
  for (const path of ["../../../package.json", "../../../../package.json"]) {
    try {
      const manifest = require(path) as OwnManifest;
      if (manifest.name === NAME) return manifest;
    } catch {
      continue;
    }
  }
  throw new Error(`The package.json of ${NAME} is missing: install the package again.`);
}

/** A package as Node would find it. */
export interface Installed {
  /** Its directory, links followed. */
  directory: string;
  version: string;
}

/** The package that modules of a directory would load, or null. `exports` of packages are not asked: they hide much. */
export function installed(from: string, name: string): Installed | null {
  for (let directory = path.resolve(from); ; directory = path.dirname(directory)) {
    const candidate = path.join(directory, "node_modules", name);
    if (existsSync(path.join(candidate, "package.json"))) {
      const { version } = JSON.parse(readFileSync(path.join(candidate, "package.json"), "utf8")) as {
        version?: string;
      };
      return { directory: realpathSync(candidate), version: version ?? "0.0.0" };
    }
    if (directory === path.dirname(directory)) return null;
  }
}
