import type { TypeScript } from "./context.js";
import { CONFIG_FILE, GuardConfigurationError, readOptions, type GuardOptions } from "./options.js";

/** Reads the options that an app keeps in a file, so that the command and the plugin agree. */
export function loadConfigFile(ts: Pick<TypeScript, "sys">, directory: string): GuardOptions {
  const value = readJson(ts, `${directory}/${CONFIG_FILE}`);
  return readOptions(value, CONFIG_FILE);
}

/** `functions` of convex.json, Convex's own name for the functions directory. */
export function functionsOfConvexJson(ts: Pick<TypeScript, "sys">, directory: string): string | null {
  const value = readJson(ts, `${directory}/convex.json`);
  if (typeof value !== "object" || value === null || !("functions" in value)) return null;
  return typeof value.functions === "string" ? value.functions.replace(/^\.\//, "").replace(/\/$/, "") : null;
}

function readJson(ts: Pick<TypeScript, "sys">, path: string): unknown {
  const text = ts.sys.readFile(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GuardConfigurationError(`${path} is not valid JSON: ${reason}`);
  }
}
