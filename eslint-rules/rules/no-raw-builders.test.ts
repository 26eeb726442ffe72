// @vitest-environment node
import { expect, it } from "vitest";
import { analyze, programWith } from "../../test/guard/programs.js";
import { errors, runTyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-raw-builders"];

/**
 * The fixture's `guarded.ts` stands for the app's module of guarded builders; it is named by the option, so that the
 * other tests have an app without one.
 */
const settings = { "streaming-import": { guardModule: "guarded" } };
const RAW = ["mutation", "internalMutation"] as const;
const OTHERS = ["query", "internalQuery", "action", "internalAction", "httpAction"] as const;
const SERVER = "./_generated/server.js";

const valid = (code: string) => ({ code, name: code, settings });
const invalid = (code: string, output: string | null, ...ids: string[]) => ({
  code,
  name: code,
  output,
  settings,
  ...errors(...(ids.length === 0 ? ["rawBuilder"] : ids)),
});

runTyped(rule, {
  valid: [
    ...OTHERS.flatMap((name) => [
      valid(`import { ${name} } from "${SERVER}"; export const f = ${name};`),
      valid(`import * as server from "${SERVER}"; export const f = server.${name};`),
      valid(`export { ${name} } from "${SERVER}";`),
    ]),
    ...RAW.flatMap((name) => [
      valid(`import { ${name} } from "./guarded.js"; export const f = ${name};`),
      valid(`export { ${name} } from "./guarded.js";`),
      valid(`import type { ${name} } from "${SERVER}"; export type F = typeof ${name};`),
      valid(`import { type ${name} } from "${SERVER}"; export type F = typeof ${name};`),
      valid(`export type { ${name} } from "${SERVER}";`),
      valid(`const ${name} = 1; export { ${name} };`),
      {
        ...valid(`import { ${name} } from "${SERVER}"; export const f = ${name};`),
        settings: {},
        name: `${name} in an app without guarded builders`,
      },
    ]),
    valid(`import type { MutationCtx } from "${SERVER}"; export type C = MutationCtx;`),
    valid(`import type * as server from "${SERVER}"; export type F = typeof server.mutation;`),
    valid('import { queryGeneric } from "convex/server"; export const f = queryGeneric;'),
    valid('import { v } from "convex/values"; export const x = v;'),
    valid('import "./helpers.js"; export {};'),
    valid('export * from "./helpers.js";'),
    valid('export const m = import("./helpers.js");'),
  ],
  invalid: [
    ...RAW.flatMap((name) => [
      invalid(
        `import { ${name} } from "${SERVER}"; export const f = ${name};`,
        `import { ${name} } from "./guarded.js"; export const f = ${name};`,
      ),
      invalid(
        `import { ${name} as raw } from "${SERVER}"; export const f = raw;`,
        `import { ${name} as raw } from "./guarded.js"; export const f = raw;`,
      ),
      invalid(
        `import { ${name} } from './_generated/server'; export const f = ${name};`,
        `import { ${name} } from './guarded.js'; export const f = ${name};`,
      ),
      invalid(
        `import { ${name}, query } from "${SERVER}"; export const f = [${name}, query];`,
        `import { query } from "${SERVER}";\nimport { ${name} } from "./guarded.js"; export const f = [${name}, query];`,
      ),
      invalid(
        `import { action, ${name}, query } from "${SERVER}"; export const f = [${name}, query, action];`,
        `import { action, query } from "${SERVER}";\nimport { ${name} } from "./guarded.js"; export const f = [${name}, query, action];`,
      ),
      invalid(
        `import { ${name}, type MutationCtx } from "${SERVER}"; export const f: [unknown, MutationCtx?] = [${name}];`,
        `import { type MutationCtx } from "${SERVER}";\nimport { ${name} } from "./guarded.js"; export const f: [unknown, MutationCtx?] = [${name}];`,
      ),
      invalid(`export { ${name} } from "${SERVER}";`, null),
      invalid(`export { ${name} as write } from "${SERVER}";`, null),
      invalid(`export { query, ${name} } from "${SERVER}";`, null),
      invalid(`import * as server from "${SERVER}"; export const f = server.${name};`, null),
      invalid(`import * as server from "${SERVER}"; export const f = server["${name}"];`, null),
      invalid(`import { ${name}Generic } from "convex/server"; export const f = ${name}Generic;`, null),
      invalid(`import { ${name}Generic as raw } from "convex/server"; export const f = raw;`, null),
      invalid(`import * as convex from "convex/server"; export const f = convex.${name}Generic;`, null),
      invalid(`export { ${name}Generic } from "convex/server";`, null),
    ]),
    invalid(
      `import { internalMutation, mutation } from "${SERVER}"; export const f = [mutation, internalMutation];`,
      'import { internalMutation, mutation } from "./guarded.js"; export const f = [mutation, internalMutation];',
      "rawBuilder",
      "rawBuilder",
    ),
    invalid(`export * from "${SERVER}";`, null),
    invalid(`export * as server from "${SERVER}";`, null),
    invalid('export * from "convex/server";', null),
    invalid(`export const server = import("${SERVER}");`, null),
    invalid('export const server = await import("convex/server");', null),
    invalid(`import * as server from "${SERVER}"; const { mutation } = server; export { mutation };`, null),
    invalid(
      `import * as server from "${SERVER}"; export const f = (name: "mutation") => server[name];`,
      null,
    ),
    {
      ...invalid("export const x = 1;", null, "missingGuardModule"),
      settings: { "streaming-import": { guardModule: "nowhere" } },
    },
  ],
});

const IMPORT_RAW = 'import { mutation as raw } from "./_generated/server.js";\n';
const USE_RAW =
  'import { mutation } from "./_generated/server.js"; export const f = mutation(async () => null);';

/** The message ids about a module that uses a raw builder, in an app with this `functions.ts`. */
function idsWith(functions: string): string[] {
  const program = programWith({ "convex/functions.ts": functions, "convex/use.ts": USE_RAW });
  return analyze(program, "convex/use.ts").findings.map(({ messageId }) => messageId);
}

it("takes functions.ts for the module of guarded builders when it is made with the guard", () => {
  const guarded = `${IMPORT_RAW}import { guard } from "convex-streaming-import/guard";
import schema from "./schema.js";
export const { mutation } = guard(schema, { mutation: raw, internalMutation: raw as never });`;
  expect(idsWith(guarded)).toEqual(["rawBuilder"]);
});

it("does not send anyone to a functions.ts that wraps builders for other reasons", () => {
  expect(
    idsWith(`${IMPORT_RAW}export const mutation: typeof raw = ((one: never) => raw(one)) as never;`),
  ).toEqual([]);
});
