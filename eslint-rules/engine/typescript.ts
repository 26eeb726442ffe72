import { createRequire } from "node:module";
import type ts from "typescript";
import type { TypeScript } from "./model.js";

/** The part of TypeScript's inside that says which copy of it made a node. */
interface WithAllocator {
  readonly objectAllocator?: { getSourceFileConstructor?: () => unknown };
}

const require = createRequire(import.meta.url);

/** Whether this copy of TypeScript made the file: other copies number their syntax kinds differently. */
function made(candidate: unknown, file: ts.SourceFile): candidate is TypeScript {
  if (typeof candidate !== "object" || candidate === null || !("SyntaxKind" in candidate)) return false;
  const typescript = candidate as TypeScript & WithAllocator;
  const constructor = typescript.objectAllocator?.getSourceFileConstructor?.();
  if (constructor !== undefined) return file.constructor === constructor;
  // Should a version hide its allocator: kinds near the end of the enum differ between any two versions.
  // The casts undo what the types of one version say about the numbers of another.
  const { SourceFile, EndOfFileToken } = typescript.SyntaxKind as unknown as Record<string, number>;
  return (file.kind as number) === SourceFile && (file.endOfFileToken.kind as number) === EndOfFileToken;
}

let last: TypeScript | null = null;

/**
 * The TypeScript that the parser of the linted file uses, found among the modules that are loaded. The parser has it
 * loaded, since it made the file with it; importing "typescript" here could load another version.
 */
export function typescriptOf(file: ts.SourceFile): TypeScript | null {
  if (last !== null && made(last, file)) return last;
  for (const module of Object.values(require.cache)) {
    if (module !== undefined && /typescript/i.test(module.filename) && made(module.exports, file)) {
      return (last = module.exports);
    }
  }
  const own = ownTypescript();
  return own !== null && made(own, file) ? (last = own) : null;
}

/** The TypeScript that is installed beside the plugin: only for parsing text, never for nodes of the parser. */
export function ownTypescript(): TypeScript | null {
  try {
    return require("typescript") as TypeScript;
  } catch {
    return null;
  }
}
