import { jsonPlace } from "../../src/core/jsonPlace.js";
import type { Specifier, TypeScript } from "./model.js";
import { directoryOf } from "./packages.js";

/** A reviewed exception: code that may write a mirror, for a reason, until a day. */
export interface ExemptionConfig {
  /** Path of the file, or its end: `convex/backfill.ts`. */
  readonly file: string;
  /** The function, class or variable around the write; without it, the complete file. */
  readonly within?: string;
  /** The mirrors that it may write. */
  readonly tables: readonly string[];
  /** Why the write is right. */
  readonly reason: string;
  /** The last day on which it holds, as YYYY-MM-DD. */
  readonly until: string;
}

/** The app's settings of the guard: in `settings["streaming-import"]` of ESLint, or in streaming-import.guard.json. */
export interface GuardOptions {
  /** Path of the app's schema, for code that no functions directory is around: helpers of another package. */
  readonly schema: string | null;
  /** Tables that are mirrors although the schema does not say so. */
  readonly tables: readonly string[];
  /** Code that may hold the writer: packages, or functions of the app that forward it. */
  readonly trusted: readonly Specifier[];
  /** Reviewed exceptions. An expired one is a finding. */
  readonly exemptions: readonly ExemptionConfig[];
  /** The module with the guarded builders, relative to the functions directory. */
  readonly guardModule: string | null;
  /** Today as YYYY-MM-DD, for expiry dates; null: the clock's. Tests set it; no configuration can. */
  readonly today: string | null;
}

export const DEFAULT_OPTIONS: GuardOptions = {
  schema: null,
  tables: [],
  trusted: [],
  exemptions: [],
  guardModule: null,
  today: null,
};

/** The name of the key in ESLint's `settings`. */
export const SETTINGS_KEY = "streaming-import";

/** The file in which the command and the plugin look for options. */
const CONFIG_FILE = "streaming-import.guard.json";

/** What can be wrong with the options. Stable: the command prints it. */
export type ConfigurationCode = "InvalidOptions" | "InvalidExemption" | "InvalidConvexJson" | "UnknownTable";

/** Thrown when the options themselves are wrong; the front ends print the sentence as it is. */
export class GuardConfigurationError extends Error {
  override readonly name = "GuardConfigurationError";

  constructor(
    readonly code: ConfigurationCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

type Check = (value: unknown) => boolean;
const isString: Check = (value) => typeof value === "string";
const isStringOrNull: Check = (value) => value === null || typeof value === "string";
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The keys of each kind of specifier besides `from` and `name`, and whether they must be there. */
const SPECIFIER_KEYS: Readonly<Record<string, Readonly<Record<string, "required" | "optional">>>> = {
  file: { path: "optional" },
  lib: {},
  package: { package: "required" },
};

/** What typescript-eslint takes as a `TypeOrValueSpecifier`, and nothing else. */
const isSpecifier: Check = (value) => {
  if (isString(value)) return true;
  if (!isRecord(value)) return false;
  const { from, name, ...others } = value;
  const keys = isString(from) ? SPECIFIER_KEYS[from as string] : undefined;
  if (keys === undefined) return false;
  const isNamed = isString(name) || (isListOf(isString)(name) && (name as string[]).length > 0);
  const isComplete = Object.entries(keys).every(([key, need]) => need === "optional" || key in others);
  return isNamed && isComplete && Object.entries(others).every(([key, one]) => key in keys && isString(one));
};

const CHECKS: Record<Exclude<keyof GuardOptions, "today">, { check: Check; expected: string }> = {
  schema: { check: isStringOrNull, expected: "a path" },
  tables: { check: isListOf(isString), expected: "a list of table names" },
  trusted: {
    check: isListOf(isSpecifier),
    expected: 'a list of specifiers such as { from: "package", package: "my-package", name: "*" }',
  },
  exemptions: { check: isListOf(isRecord), expected: "a list of { file, within?, tables, reason, until }" },
  guardModule: { check: isStringOrNull, expected: "a path" },
};

/** Options from a value that a person wrote, over `base`. Refuses what it does not know: a typo must not weaken the guard. */
export function readOptions(
  value: unknown,
  from: string,
  base: GuardOptions = DEFAULT_OPTIONS,
): GuardOptions {
  if (value === undefined || value === null) return base;
  if (!isRecord(value))
    throw new GuardConfigurationError(
      "InvalidOptions",
      `${from} must be an object with options of the guard.`,
    );
  for (const [key, entry] of Object.entries(value)) {
    if (key === "$schema") continue;
    if (key === "functionsDir")
      throw new GuardConfigurationError(
        "InvalidOptions",
        `${from} has the option "functionsDir", but Convex deploys the directory that "functions" in convex.json names. Set it there, and remove the option.`,
      );
    if (!(key in CHECKS)) {
      throw new GuardConfigurationError(
        "InvalidOptions",
        `${from} has an unknown option "${key}". The options are ${Object.keys(CHECKS).join(", ")}.`,
      );
    }
    const { check, expected } = CHECKS[key as keyof typeof CHECKS];
    if (!check(entry))
      throw new GuardConfigurationError(
        "InvalidOptions",
        `The option "${key}" in ${from} must be ${expected}.`,
      );
  }
  const options = Object.fromEntries(Object.entries(value).filter(([key]) => key !== "$schema"));
  return { ...base, ...(options as Partial<GuardOptions>) };
}

/** Reads the options that an app keeps in a file, so that the command and the plugin agree. */
export function loadConfigFile(ts: Pick<TypeScript, "sys">, directory: string): GuardOptions {
  const value = readJson(ts, `${directory}/${CONFIG_FILE}`, "InvalidOptions");
  return readOptions(value, CONFIG_FILE);
}

/** Whether a directory has a file with options of the guard. */
export function hasConfigFile(ts: Pick<TypeScript, "sys">, directory: string): boolean {
  return ts.sys.fileExists(`${directory}/${CONFIG_FILE}`);
}

/** `functions` of convex.json, Convex's own name for the functions directory. */
export function functionsOfConvexJson(ts: Pick<TypeScript, "sys">, directory: string): string | null {
  const value = readJson(ts, `${directory}/convex.json`, "InvalidConvexJson");
  if (value === undefined) return null;
  const { functions } = isRecord(value) ? value : { functions: null };
  if (functions === undefined) return null;
  if (typeof functions !== "string" || functions === "")
    throw new GuardConfigurationError(
      "InvalidConvexJson",
      `${directory}/convex.json must be an object whose "functions" is a path, such as "convex".`,
    );
  return functions.replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
}

/** The directory of the app around a file: the nearest with a configuration of the guard or of Convex, or `otherwise`. */
export function appAround(ts: Pick<TypeScript, "sys">, fileName: string, otherwise: string): string {
  for (let directory = directoryOf(fileName.replaceAll("\\", "/")); ; directory = directoryOf(directory)) {
    if ([CONFIG_FILE, "convex.json"].some((name) => ts.sys.fileExists(`${directory}/${name}`)))
      return directory;
    if (directory === "" || directory === directoryOf(directory)) return otherwise;
  }
}

/** The functions directories that the configurations of Convex at and below a directory name, from the directory on. */
export function functionsDirectories(ts: Pick<TypeScript, "sys">, root: string): string[] {
  const configurations = ts.sys.readDirectory(
    root,
    [".json"],
    ["**/node_modules", "**/.*"],
    ["**/convex.json"],
    5,
  );
  return configurations.flatMap(
    (path) => functionsOfConvexJson(ts, directoryOf(path.replaceAll("\\", "/"))) ?? [],
  );
}

function readJson(ts: Pick<TypeScript, "sys">, path: string, code: ConfigurationCode): unknown {
  const text = ts.sys.readFile(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new GuardConfigurationError(code, `${path} is not valid JSON: ${jsonPlace(text)}.`, {
      cause: error,
    });
  }
}
