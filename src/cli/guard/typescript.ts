import { createRequire } from "node:module";
import type ts from "typescript";

/**
 * TypeScript, required rather than imported: to import a module of CommonJS, Node first searches all nine megabytes of
 * its text for exports, and that takes longer than to run it.
 */
export const typescript = createRequire(import.meta.url)("typescript") as typeof ts;
