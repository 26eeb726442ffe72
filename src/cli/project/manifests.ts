import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "convex-streaming-import";

/** What this package's own package.json says. */
export interface OwnManifest {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** The manifest of the copy that runs. */
export function ownManifest(): OwnManifest {
  return manifestOf(ownDirectory()) as unknown as OwnManifest;
}

/** Where the copy that runs is. The sources are one level higher than the build, which keeps the folder. */
export function ownDirectory(): string {
  for (const up of ["../../..", "../../../.."]) {
    const directory = fileURLToPath(new URL(up, import.meta.url));
    if (manifestOf(directory)?.name === NAME) return directory;
  }
  throw new Error(`The package.json of ${NAME} is missing: install the package again.`);
}

/**
 * How the project that a copy of this package is installed in asks for it: a range of versions, or a path as
 * `file:../convex-streaming-import-0.1.0.tgz`, from `target`. Null for a copy that is not installed, such as a clone.
 */
export function sourceOfCopy(copy: string, target: string): string | null {
  const parts = copy.split(path.sep);
  if (!parts.includes("node_modules")) return null;
  for (let directory = path.dirname(copy); directory !== path.dirname(directory);) {
    directory = path.dirname(directory);
    const { dependencies, devDependencies } = manifestOf(directory) ?? {};
    const source = dependencies?.[NAME] ?? devDependencies?.[NAME];
    if (source === undefined) continue;
    const file = /^(?:file:)?(\.{0,2}\/.*)$|^file:(.+)$/.exec(source);
    const given = file?.[1] ?? file?.[2];
    if (given === undefined) return source;
    return `file:${path.relative(target, path.resolve(directory, given)).replaceAll("\\", "/")}`;
  }
  return `^${manifestOf(copy)?.version ?? "0"}`;
}

interface AnyManifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

function manifestOf(directory: string): AnyManifest | null {
  try {
    return JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as AnyManifest;
  } catch {
    return null;
  }
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
