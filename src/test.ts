/// <reference types="vite/client" />
import rateLimiterTest from "@convex-dev/rate-limiter/test";
import type { TestConvex } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import schema from "../convex/schema.js";

const modules = import.meta.glob(["../convex/**/*.ts", "!../convex/**/*.test.ts"]);

/**
 * Registers the component in a test of an app, under the name that `app.use` gives it.
 *
 * ```ts
 * const t = convexTest({ schema, modules });
 * streamingImportTest.register(t);
 * ```
 */
export function register(
  t: TestConvex<SchemaDefinition<GenericSchema, boolean>>,
  name = "streamingImport",
): void {
  t.registerComponent(name, schema, modules);
  rateLimiterTest.register(t, `${name}/rateLimiter`);
}

export default { register, schema, modules };
