// @vitest-environment node
import { FIXTURE } from "../../test/guard/programs.js";
import { errors, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["mirror-schema"];

const IMPORTS = `import { defineSchema, defineTable, type TableDefinition } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
`;
const MIRROR = 'mirrorTable({ id: v.int64(), email: v.string() }, { primaryKey: ["id"] })';
const NOTES = "notes: defineTable({ text: v.string() })";

/** A schema file of its own; the `*` gives each case a directory. */
const schema = (code: string) => ({ code: IMPORTS + code, name: code, filename: "schemas/*/schema.ts" });
const tables = (code: string, options = "") => schema(`export default defineSchema({ ${code} }${options});`);
const invalid = <T extends object>(test: T, ...ids: string[]) => ({ ...test, ...errors(...ids) });

const FIELDS = [
  "v.string()",
  "v.int64()",
  "v.number()",
  "v.optional(v.string())",
  "v.object({ street: v.string() })",
  "v.array(v.string())",
];
const METHODS = [
  ".index('by_email', ['email'])",
  ".index('a', ['email']).index('b', ['id'])",
  ".searchIndex('search', { searchField: 'email' })",
  ".index('by_email', { fields: ['email'], staged: true })",
];

runTyped(rule, {
  valid: [
    tables(`customers: ${MIRROR}, ${NOTES}`),
    tables(`customers: ${MIRROR}`),
    ...METHODS.map((method) => tables(`customers: ${MIRROR}${method}`)),
    ...FIELDS.map((field) =>
      tables(`customers: mirrorTable({ id: v.int64(), x: ${field} }, { primaryKey: ["id"] })`),
    ),
    ...FIELDS.map((field) => tables(`customers: mirrorTable({ x: ${field} })`)),
    tables(`customers: ${MIRROR}, notes: defineTable({ customer: v.id("customers") })`),
    tables(`customers: ${MIRROR}`, ", { schemaValidation: true }"),
    tables(`customers: ${MIRROR}`, ", { strictTableNameTypes: true }"),
    tables(`customers: ${MIRROR}, settings: defineTable({ schemaValidation: v.boolean() })`),
    tables(`"customers": ${MIRROR}`),
    schema(`const customers = ${MIRROR}; export default defineSchema({ customers });`),
    schema(
      `const customers = ${MIRROR}.index("by_email", ["email"]); export default defineSchema({ customers, ${NOTES} });`,
    ),
    schema(
      `const mirrors = { customers: ${MIRROR} }; export default defineSchema({ ...mirrors, ${NOTES} });`,
    ),
    schema(`const schema = defineSchema({ customers: ${MIRROR} }); export default schema;`),
    schema(`const schema = defineSchema({ customers: ${MIRROR} }); export { schema as default };`),
    schema(
      `const make = () => ${MIRROR}; export default defineSchema({ customers: make() });`
        .replace("const make = () => ", "const made = ")
        .replace("make()", "made"),
    ),
    {
      ...schema(`export default defineSchema({ ${NOTES} });`),
      settings: { "streaming-import": { tables: ["notes"] } },
    },
    { code: "export const x = 1;", name: "a file that is not the schema" },
  ],
  invalid: [
    // The type of the mirror is lost.
    invalid(tables(`customers: ${MIRROR} as TableDefinition, ${NOTES}`), "brandLost"),
    invalid(tables(`customers: ${MIRROR} as any as TableDefinition`), "brandLost"),
    invalid(tables(`customers: ((x: TableDefinition<any, any, any, any>) => x)(${MIRROR})`), "brandLost"),
    invalid(
      schema(
        `const customers: TableDefinition<any, any, any, any> = ${MIRROR}; export default defineSchema({ customers });`,
      ),
      "brandLost",
    ),
    invalid(
      schema(
        `function audited<T extends TableDefinition>(table: T): TableDefinition { return table; } export default defineSchema({ customers: audited(${MIRROR} as never as TableDefinition) });`,
      ),
      "brandLost",
    ),
    invalid(
      tables(`customers: (${MIRROR} as TableDefinition<any, any, any, any>).index("by_email", ["email"])`),
      "brandLost",
    ),
    ...METHODS.slice(0, 2).map((method) =>
      invalid(tables(`customers: ${MIRROR}${method} as TableDefinition<any, any, any, any>`), "brandLost"),
    ),
    // Mirrors that are no tables.
    invalid(
      schema(`export const stray = ${MIRROR}; export default defineSchema({ customers: ${MIRROR} });`),
      "undeclaredMirror",
    ),
    invalid(
      schema(`const a = ${MIRROR}; const b = ${MIRROR}; export default defineSchema({ a }); export { b };`),
      "undeclaredMirror",
    ),
    invalid(
      schema(
        `const unused = () => ${MIRROR}; export default defineSchema({ customers: ${MIRROR} }); export { unused };`,
      ),
      "undeclaredMirror",
    ),
    ...METHODS.map((method) =>
      invalid(
        schema(
          `export const stray = ${MIRROR}${method}; export default defineSchema({ customers: ${MIRROR} });`,
        ),
        "undeclaredMirror",
      ),
    ),
    // Options of the schema.
    invalid(tables(`customers: ${MIRROR}`, ", { strictTableNameTypes: false }"), "looseTableNames"),
    invalid(
      tables(`customers: ${MIRROR}, ${NOTES}`, ", { strictTableNameTypes: false, schemaValidation: true }"),
      "looseTableNames",
    ),
    invalid(tables(`customers: ${MIRROR}`, ", { schemaValidation: false }"), "validationOff"),
    invalid(tables(`customers: ${MIRROR}, ${NOTES}`, ", { schemaValidation: false }"), "validationOff"),
    invalid(
      tables(`customers: ${MIRROR}`, ", { schemaValidation: false, strictTableNameTypes: false }"),
      "validationOff",
      "looseTableNames",
    ),
    invalid(
      schema(
        `const options = { schemaValidation: false }; export default defineSchema({ customers: ${MIRROR} }, options);`,
      ),
      "validationOff",
    ),
    invalid(
      schema(
        `const options = { strictTableNameTypes: false } as const; export default defineSchema({ customers: ${MIRROR} }, options);`,
      ),
      "looseTableNames",
    ),
    // Ids of Convex in a mirror.
    ...["notes", "users", "customers"].flatMap((table) => [
      invalid(
        tables(
          `customers: mirrorTable({ id: v.int64(), x: v.id("${table}") }, { primaryKey: ["id"] }), ${NOTES}`,
        ),
        "idInMirror",
      ),
      invalid(
        tables(
          `customers: mirrorTable({ id: v.int64(), x: v.optional(v.id("${table}")) }, { primaryKey: ["id"] })`,
        ),
        "idInMirror",
      ),
      invalid(
        tables(
          `customers: mirrorTable({ id: v.int64(), x: v.array(v.id("${table}")) }, { primaryKey: ["id"] })`,
        ),
        "idInMirror",
      ),
      invalid(
        tables(`customers: mirrorTable({ x: v.object({ y: v.union(v.id("${table}"), v.null()) }) })`),
        "idInMirror",
      ),
    ]),
    invalid(
      tables('customers: mirrorTable({ a: v.id("notes"), b: v.id("users") })'),
      "idInMirror",
      "idInMirror",
    ),
    // Nothing to protect, or nothing known.
    invalid(schema(`export default defineSchema({ ${NOTES} });`), "noMirrors"),
    invalid(schema("export default defineSchema({});"), "noMirrors"),
    invalid(
      schema(`export default defineSchema({ ${NOTES} }, { schemaValidation: false });`),
      "noMirrors",
      "validationOff",
    ),
    invalid(schema(`export default defineSchema({ customers: ${MIRROR} }) as any;`), "anySchema"),
    invalid(
      schema(
        `const tables: Record<string, TableDefinition<any, any, any, any>> = { customers: ${MIRROR} }; export default defineSchema(tables);`,
      ),
      "anySchema",
    ),
    {
      ...schema("export const y = 1;"),
      settings: { "streaming-import": { schema: "nowhere/schema.ts" } },
      ...errors("badOptions"),
    },
    {
      ...schema("export const z = 1;"),
      settings: { "streaming-import": { functionsDir: "nowhere" } },
      ...errors("badOptions"),
    },
    {
      ...schema("export const w = 1;"),
      settings: { "streaming-import": { table: ["customers"] } },
      ...errors("badOptions"),
    },
    {
      ...schema("export const u = 1;"),
      settings: { "streaming-import": { tables: "customers" } },
      ...errors("badOptions"),
    },
  ],
});

const bySyntax = { filename: `${FIXTURE}/convex/schema.ts`, options: [{ types: false }] };
const ENTS = 'import { defineEntSchema } from "convex-ents"; export default defineEntSchema({});';

runUntyped(rule, {
  valid: [
    { code: "export default 1;", ...bySyntax },
    { code: 'import { defineSchema } from "convex/server"; export default defineSchema({});', ...bySyntax },
    // Only the schema says it.
    { code: ENTS, options: [{ types: false }] },
  ],
  invalid: [
    { code: "export const x = 1;", ...errors("needsTypes") },
    { code: ENTS, ...bySyntax, ...errors("entsUnseen") },
  ],
});
