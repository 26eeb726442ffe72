import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** What is used of Prettier. */
interface Prettier {
  resolveConfig(file: string, options: { editorconfig: boolean }): Promise<object | null>;
  check(text: string, options: object): Promise<boolean>;
  format(text: string, options: object): Promise<string>;
}

/**
 * Formats a file with the Prettier of its project, by the project's own settings. Without one the text stays as it is; so
 * it does where the file was not formatted by Prettier before, whose lines would all change.
 *
 * @param before The file as it is on disk; null for a new one.
 */
export async function formatFile(file: string, before: string | null, after: string): Promise<string> {
  const prettier = await loadPrettier(path.dirname(file));
  if (prettier === null) return after;
  const config = await prettier.resolveConfig(file, { editorconfig: true });
  const options = { ...config, filepath: file };
  try {
    if (before !== null && !(await prettier.check(before, options))) return after;
    return await prettier.format(after, options);
  } catch {
    // A plugin that is not installed, settings that are wrong: not ours to report, and the code is fine without.
    return after;
  }
}

async function loadPrettier(directory: string): Promise<Prettier | null> {
  try {
    const entry = createRequire(path.join(directory, "package.json")).resolve("prettier");
    const module = (await import(pathToFileURL(entry).href)) as Prettier & { default?: Prettier };
    return typeof module.format === "function" ? module : (module.default ?? null);
  } catch {
    return null;
  }
}
