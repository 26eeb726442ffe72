import { IMPORTS, inMutation } from "../sources.js";

/** A program that hides a write to a mirror, or a clean one that looks like it. */
export interface Evasion {
  readonly id: string;
  readonly kind: string;
  /** `bad` programs write a mirror when they run. */
  readonly truth: "bad" | "clean";
  readonly code: string;
  /** The extension of its file. */
  readonly extension: string;
  /** It has type errors that it hides, or that only show in JavaScript. */
  readonly hasErrors: boolean;
  /** Statements that run a module which registers no function; they see what it exports, `ctx`, `customer` and `ids`. */
  readonly driver: string | null;
  /** Why the program cannot be run here. */
  readonly notRun: string | null;
}

interface Extra {
  readonly extension?: string;
  readonly hasErrors?: boolean;
  readonly driver?: string;
  readonly notRun?: string;
}

/** Runs the migration that a program of convex-helpers exports as `m`. */
export const MIGRATE = 'await m._handler(ctx, { fn: "m", cursor: null });';

/** A list of programs of one kind, numbered. */
export function programs(
  kind: string,
  truth: Evasion["truth"],
  codes: readonly (string | readonly [code: string, extra: Extra])[],
): Evasion[] {
  return codes.map((entry, index) => {
    const [code, extra] = typeof entry === "string" ? ([entry, {}] as const) : entry;
    return {
      id: `${kind}-${String(index + 1).padStart(2, "0")}`,
      kind,
      truth,
      code,
      extension: extra.extension ?? "ts",
      hasErrors: extra.hasErrors ?? false,
      driver: extra.driver ?? null,
      notRun: extra.notRun ?? null,
    };
  });
}

/** The whole file of a program: statements get a mutation's `ctx` around them, modules (with an export) the imports. */
export function fileOf(evasion: Evasion): string {
  if (evasion.extension !== "ts" && evasion.extension !== "tsx") return evasion.code;
  if (evasion.code.startsWith("// @ts-nocheck")) return `// @ts-nocheck\n${IMPORTS}${evasion.code}`;
  return /(?:^|[;}] |\n)(?:export|import) /.test(evasion.code)
    ? IMPORTS + evasion.code
    : inMutation(evasion.code);
}
