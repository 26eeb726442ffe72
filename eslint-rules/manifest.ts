import { createRequire } from "node:module";

/** The name and version of this package, as its package.json says them: from the sources and from `dist` alike. */
export const { name, version } = createRequire(import.meta.url)("convex-streaming-import/package.json") as {
  readonly name: string;
  readonly version: string;
};
