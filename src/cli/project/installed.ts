import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";

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
