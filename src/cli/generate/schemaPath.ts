import { existsSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { functionsOfConvexJson } from "../../../eslint-rules/engine/options.js";
import { messageOf } from "../terminal/exit.js";
import { GenerateError } from "./problem.js";

/**
 * The file of a project's schema: the one that is named, else `schema.ts` (or `.js`) of the functions directory, there or
 * not.
 */
export function findSchemaFile(root: string, named: string | undefined): string {
  if (named !== undefined) return path.resolve(root, named);
  let functions: string;
  try {
    functions = functionsOfConvexJson(ts, root) ?? "convex";
  } catch (error) {
    throw new GenerateError("SchemaUnreadable", messageOf(error));
  }
  const files = ["schema.ts", "schema.js"].map((name) => path.join(root, functions, name));
  return files.find((file) => existsSync(file)) ?? files[0]!;
}
