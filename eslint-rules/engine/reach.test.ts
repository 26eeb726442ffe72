// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contextOf, FIXTURE, programWith, verdictsOf } from "../../test/guard/programs.js";
import { isReachedByComponent } from "./reach.js";

const API = "convex/_generated/api.d.ts";
const GENERATED = `import type { ComponentApi } from "convex-streaming-import/_generated/component.js";
${readFileSync(`${FIXTURE}/${API}`, "utf8")}
export declare const components: { streamingImport: ComponentApi<"streamingImport">; other: { lib: {} } };`;

/** A module that has the component, and those of each case beside it. */
function reached(files: Readonly<Record<string, string>>): string[] {
  const all = {
    "convex/imports.ts": `import { components } from "./_generated/api.js"; export const held = components.streamingImport;`,
    ...files,
  };
  const program = programWith({ [API]: GENERATED, ...all });
  const cx = contextOf(program);
  return Object.keys(all)
    .filter((path) => isReachedByComponent(cx, program.getSourceFile(`${FIXTURE}/${path}`)!))
    .map((path) => path.replace("convex/", ""));
}

describe("a file is reached by the component", () => {
  it.each([
    ["when it imports a module that has it", `import { held } from "./imports.js"; void held;`],
    ["by a type alone", `import type { held } from "./imports.js"; export type Held = typeof held;`],
    ["by a type without an import", `export type Held = typeof import("./imports.js").held;`],
    ["when it exports it again", `export * from "./imports.js";`],
    ["when it imports a module as it runs", `export const load = () => import("./imports.js");`],
    [
      "by all components",
      `import { components } from "./_generated/api.js"; export const all = { ...components };`,
    ],
    ["under another name", `import { components as all } from "./_generated/api.js"; void all;`],
    [
      "by the generic components",
      `import { componentsGeneric } from "convex/server"; void componentsGeneric();`,
    ],
    ["by its class", `import { StreamingImport } from "convex-streaming-import"; void StreamingImport;`],
    [
      "by its types",
      `import type { ComponentApi } from "convex-streaming-import/_generated/component.js"; export type A = ComponentApi;`,
    ],
    ["by types of its own", `export declare const own: { ingest: { applyChunk: unknown } };`],
  ])("%s", (_, code) => {
    expect(reached({ "convex/case.ts": code })).toEqual(["imports.ts", "case.ts"]);
  });

  it.each([
    ["by another component", `import { components } from "./_generated/api.js"; void components.other.lib;`],
    ["by references to functions", `import { internal } from "./_generated/api.js"; void internal;`],
    [
      "by the schema helper",
      `import { mirrorTable } from "convex-streaming-import/schema"; void mirrorTable;`,
    ],
    ["by the guard", `import { guard } from "convex-streaming-import/guard"; void guard;`],
    ["by a module without it", `import schema from "./schema.js"; void schema;`],
  ])("not %s", (_, code) => {
    expect(reached({ "convex/case.ts": code })).toEqual(["imports.ts"]);
  });

  it("through any number of modules, in a circle, too", () => {
    const files = {
      "convex/first.ts": `export { held } from "./imports.js"; export { last } from "./last.js";`,
      "convex/last.ts": `import { held } from "./first.js"; export const last = held;`,
    };
    expect(reached(files)).toEqual(["imports.ts", "first.ts", "last.ts"]);
  });

  it.each([
    `import type { held } from "./imports.js"; declare global { var kept: typeof held; }`,
    `declare var kept: typeof import("./imports.js").held;`,
  ])("when one that has it declares something for all: %s", (code) => {
    const files = { "convex/global.ts": code, "convex/alone.ts": "export const alone = globalThis;" };
    expect(reached(files)).toEqual(["imports.ts", "global.ts", "alone.ts"]);
  });
});

it.each(["imports", "lib/_generated/api", "lib/_generated/server", "lib/_generated/dataModel"])(
  "what loses the component is reported where a module only imports it from %s",
  (module) => {
    const program = programWith({
      [API]: GENERATED,
      [`convex/${module}.ts`]: `import { components } from "${"../".repeat(module.split("/").length - 1) || "./"}_generated/api.js"; export const held = { ours: components.streamingImport };`,
      "convex/case.ts": `import { held } from "./${module}.js"; export const lost: any = held.ours;`,
    });
    expect(verdictsOf(program, "convex/case.ts").strict).toContain("componentEscape");
  },
);
