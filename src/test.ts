/// <reference types="vite/client" />

/**
 * The component for tests with convex-test.
 *
 * @module test
 */
import type { TestConvex } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import schema from "../convex/schema.js";

/** The modules of the component, as `import.meta.glob` loads them. */
const modules: Record<string, () => Promise<unknown>> = import.meta.glob([
  "../convex/**/*.ts",
  "!../convex/**/*.test.ts",
]);

/**
 * Registers the component in a test of an app, with the component that it uses itself.
 *
 * ```ts
 * const t = convexTest({ schema, modules });
 * streamingImportTest.register(t);
 * ```
 *
 * @param name The name that `app.use` gives the component.
 */
export function register(
  t: TestConvex<SchemaDefinition<GenericSchema, boolean>>,
  name = "streamingImport",
): void {
  t.registerComponent(name, schema, modules);
}

/** {@link register}, and what it registers. */
const streamingImportTest: {
  register: typeof register;
  /** The tables of the component. */
  schema: SchemaDefinition<GenericSchema, boolean>;
  /** The modules of the component, by their paths. */
  modules: Record<string, () => Promise<unknown>>;
} = { register, schema, modules };

export default streamingImportTest;
