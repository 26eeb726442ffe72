import { createRequire } from "node:module";

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
