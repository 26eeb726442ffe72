import { componentsGeneric, defineSchema, defineTable, httpRouter } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import type { ComponentApi } from "../../convex/_generated/component.js";
import { mirrorTable, type MirrorOptions } from "../schema/index.js";
import { Declaration } from "./importing/declaration.js";
import { StreamingImport } from "./index.js";
import { AppExports } from "./exports.js";
import { TableMirrors } from "./tables/tableMirrors.js";

const component = (componentsGeneric() as unknown as { streamingImport: ComponentApi }).streamingImport;
const schema = defineSchema({ users: mirrorTable({ id: v.number() }, { primaryKey: ["id"] }) });

test("an app without a mirror is told to declare one", () => {
  const without = defineSchema({ notes: defineTable({ text: v.string() }) });
  expect(() => new StreamingImport(component, without)).toThrow(/no mirror.*mirrorTable/);
});

describe("registerRoutes", () => {
  const importer = new StreamingImport(component, schema);
  const paths = (pathPrefix?: string) => {
    const http = httpRouter();
    importer.registerRoutes(http, pathPrefix === undefined ? {} : { pathPrefix });
    return http.getRoutes().map(([path, method]) => `${method} ${path}`);
  };

  test("serves the root by default", () => {
    expect(paths()).toContain("GET /version");
    expect(paths()).toContain("POST /api/streaming_import/import_airbyte_records");
    expect(paths()).toEqual(paths("/"));
  });

  test("serves a prefix, however it is written", () => {
    expect(paths("/airbyte")).toContain("PUT /airbyte/api/streaming_import/clear_tables");
    expect(paths("airbyte/")).toEqual(paths("/airbyte"));
  });

  test("serves the root and a prefix side by side, but none of them twice", () => {
    const http = httpRouter();
    importer.registerRoutes(http);
    importer.registerRoutes(http, { pathPrefix: "/airbyte" });
    expect(() => {
      importer.registerRoutes(http);
    }).toThrow();
  });
});

describe("the fingerprint of a declaration", () => {
  const fingerprint = (options: MirrorOptions, module = "imports", bytesPerSecond = 1_000) => {
    const table = mirrorTable({ id: v.number(), at: v.number() }, options as { primaryKey?: undefined });
    const schema = defineSchema({ users: table });
    return new Declaration(new TableMirrors(schema), new AppExports(schema), module, undefined, {
      bytesPerSecond,
    }).fingerprint;
  };

  test("is the same for the same declaration, and another for each difference", () => {
    const first = fingerprint({ primaryKey: ["id"] });
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint({ primaryKey: ["id"] })).toBe(first);
    const others = [
      fingerprint({ primaryKey: ["id"], source: "public.users" }),
      fingerprint({ primaryKey: ["id"], owner: "Sales" }),
      fingerprint({ primaryKey: ["id"], version: "at" }),
      fingerprint({ primaryKey: ["id", "at"] }),
      fingerprint({}),
      fingerprint({ primaryKey: ["id"] }, "import/functions"),
      fingerprint({ primaryKey: ["id"] }, "imports", 2_000),
    ];
    expect(new Set([first, ...others]).size).toBe(others.length + 1);
  });
});
