// @vitest-environment node
import type { ValidatorJSON } from "convex/values";
import fc from "fast-check";
import { format } from "prettier";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { merge } from "../../src/cli/generate/merge.js";
import type { SourceColumn, SourceTable } from "../../src/cli/generate/model.js";
import { nameColumns } from "../../src/cli/generate/names.js";
import { plan, type Plan } from "../../src/cli/generate/plan.js";
import { readSchemaFile } from "../../src/cli/generate/schemaFile.js";

/** How a source's tables meet a schema that people have edited. */

const STRING: ValidatorJSON = { type: "string" };
const NUMBER: ValidatorJSON = { type: "number" };

function column(name: string, validator = STRING, more: Partial<SourceColumn> = {}): SourceColumn {
  return { name, validator, nullable: false, ...more };
}

function table(name: string, columns: readonly SourceColumn[], more: Partial<SourceTable> = {}): SourceTable {
  const primaryKey = columns.some((each) => each.name === "id") ? [["id"]] : null;
  return { namespace: "public", name, comment: null, columns, primaryKey, version: null, notes: [], ...more };
}

function planFor(text: string | null, tables: readonly SourceTable[], all = tables): Plan {
  const schema = text === null ? null : readSchemaFile("schema.ts", text);
  return plan(tables, { tables: all, namespaces: ["public"] }, schema);
}

function generated(text: string | null, tables: readonly SourceTable[]): string {
  return merge(planFor(text, tables), text === null ? null : readSchemaFile("schema.ts", text));
}

const kinds = ({ differences }: Plan) =>
  differences.map(({ kind, table: name, field }) => [kind, name, field]);

const IMPORTS = `import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
`;

const USERS = table("users", [
  column("id", NUMBER),
  column("email", STRING, { nullable: true, comment: "Where to write to." }),
  column("Full Name"),
]);

/** A schema with what people write: comments, helpers, constants, options, indexes, tables of their own. */
const EDITED = `${IMPORTS}
// Kept by the sales team.
const role = v.union(v.literal("admin"), v.literal("member"));
const address = { zip: v.string() };

export default defineSchema(
  {
    users: mirrorTable(
      {
        id: v.number(), // never changes
        role, /* a constant */
        ...address,
      },
      // Why soft: support wants them back.
      { primaryKey: ["id"], source: "public.users", owner: "sales", onDelete: "soft", deletedField: "gone" },
    ).index("by_role", ["role"]),
    notes: defineTable({ text: v.string() }), // ours
    /* the end */
  },
  { schemaValidation: true },
);
`;

describe("merging keeps what is there", () => {
  test("GENERATE-2: new columns follow the fields, new tables the tables; all other lines stay", () => {
    const tables = [
      table("users", [
        column("id", NUMBER),
        column("role"),
        column("zip"),
        column("email", STRING, { nullable: true, comment: "Where to write to." }),
        column("Full Name"),
      ]),
      table("orders", [column("id", { type: "bigint" })], { comment: "What people bought." }),
    ];
    const after = generated(EDITED, tables);
    expect(after).toBe(
      EDITED.replace(
        "        ...address,\n",
        `        ...address,
        /** Where to write to. */
        email: v.optional(v.union(v.string(), v.null())),
        fullName: v.optional(v.string()),
`,
      )
        .replace(
          '{ primaryKey: ["id"], source: "public.users", owner: "sales", onDelete: "soft", deletedField: "gone" },',
          `{
        primaryKey: ["id"],
        source: "public.users",
        owner: "sales",
        onDelete: "soft",
        deletedField: "gone",
        columns: { fullName: "Full Name" },
      },`,
        )
        .replace(
          "    /* the end */\n",
          `    /* the end */
    /** What people bought. */
    orders: mirrorTable(
      {
        id: v.int64(),
      },
      { primaryKey: ["id"], source: "public.orders" },
    ),
`,
        ),
    );
    expect(generated(after, tables)).toBe(after);
  });

  test("the style of the file: quotes, semicolons, tabs, line ends, other names of v and mirrorTable", () => {
    const text = `import { defineSchema } from 'convex/server'
import { v as values } from 'convex/values'
import { mirrorTable as mirror } from 'convex-streaming-import/schema'

const tables = {
	users: mirror({ id: values.number() }, { primaryKey: ['id'], source: 'public.users' }),
}

export default defineSchema(tables)
`.replaceAll("\n", "\r\n");
    const after = generated(text, [USERS, table("it's", [column("id", NUMBER)])]);
    expect(after.replaceAll("\r\n", "\n")).toBe(`import { defineSchema } from 'convex/server'
import { v as values } from 'convex/values'
import { mirrorTable as mirror } from 'convex-streaming-import/schema'

const tables = {
	users: mirror({
		id: values.number(),
		/** Where to write to. */
		email: values.optional(values.union(values.string(), values.null())),
		fullName: values.optional(values.string()),
	}, {
		primaryKey: ['id'],
		source: 'public.users',
		columns: { fullName: 'Full Name' },
	}),
	source_it_s: mirror(
		{
			id: values.number(),
		},
		{ primaryKey: ['id'], source: "public.it's" },
	),
}

export default defineSchema(tables)
`);
    expect(after.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("imports that are missing are added", () => {
    const text = `import { defineSchema } from "convex/server";\n\nexport default defineSchema({});\n`;
    expect(generated(text, [USERS])).toContain(`import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";

export default defineSchema({
  users: mirrorTable(`);
  });

  test("a table of the app keeps its name", () => {
    const text = `${IMPORTS}export default defineSchema({ users: defineTable({ a: v.string() }), public_users: defineTable({}) });`;
    expect(planFor(text, [USERS]).newMirrors.map(({ name }) => name)).toEqual(["public_users_2"]);
  });

  test("a field's name that is taken gets a number", () => {
    const text = `${IMPORTS}export default defineSchema({
  users: mirrorTable({ id: v.number(), fullName: v.string() }, { primaryKey: ["id"], source: "public.users", columns: { fullName: "other" } }),
});`;
    const after = generated(text, [
      table("users", [column("id", NUMBER), column("other"), column("Full Name")]),
    ]);
    expect(after).toContain("fullName2: v.optional(v.string()),");
    expect(after).toMatch(/fullName2: "Full Name"/);
  });
});

describe("what people decide is no difference", () => {
  const mirror = (fields: string, options = "") =>
    `${IMPORTS}export default defineSchema({ t: mirrorTable({ id: v.number(), ${fields} }, { primaryKey: ["id"], source: "public.t", ${options} }) });`;
  const source = (...columns: SourceColumn[]) => [table("t", [column("id", NUMBER), ...columns])];

  test.each<[string, string, SourceColumn]>([
    ["literals for text", 'a: v.union(v.literal("x"), v.literal("y"))', column("a")],
    ["an object for any", "a: v.object({ b: v.string() })", column("a", { type: "any" })],
    ["any for a number", "a: v.any()", column("a", NUMBER, { nullable: true })],
    ["null where there is none", "a: v.union(v.string(), v.null())", column("a")],
    ["optional for null", "a: v.optional(v.string())", column("a", STRING, { nullable: true })],
    ["text for a moment", "a: v.string()", column("a", NUMBER, { alternatives: ["string"] })],
    ["an id for text", 'a: v.id("users")', column("a")],
    ["text for an enum", "a: v.string()", column("a", { type: "literal", value: "x" })],
    ["a validator that is made elsewhere", "a: vv.anything()", column("a", NUMBER)],
  ])("%s", (_, field, own) => {
    expect(kinds(planFor(mirror(field), source(own)))).toEqual([]);
  });

  test("columns that are dropped or renamed, fields of the importer's own, a key where the source has none", () => {
    const options =
      'drop: ["ssn"], columns: { mail: "E-Mail" }, onDelete: "soft", deletedField: "gone", overflow: "rest"';
    const text = mirror("mail: v.string(), gone: v.boolean(), rest: v.record(v.string(), v.any())", options);
    const tables = source(column("ssn"), column("E-Mail")).map((each) => ({ ...each, primaryKey: null }));
    expect(kinds(planFor(text, tables))).toEqual([]);
  });

  test("the order of a key", () => {
    const text = mirror("a: v.string()").replace('["id"]', '["a", "id"]');
    const tables = [{ ...source(column("a"))[0]!, primaryKey: [["id"], ["a"]] }];
    expect(kinds(planFor(text, tables))).toEqual([]);
  });
});

describe("differences", () => {
  const TEXT = `${IMPORTS}export default defineSchema({
    t: mirrorTable({ id: v.number(), a: v.string(), b: v.union(v.literal("x"), v.literal("y")), gone: v.string() }, { primaryKey: ["id"], source: "public.t" }),
    lost: mirrorTable({ id: v.number() }, { primaryKey: ["id"], source: "public.lost" }),
    other: mirrorTable({ id: v.number() }, { primaryKey: ["id"], source: "crm.other" }),
  });`;

  test("of every kind, with both sides named", () => {
    const enumeration: ValidatorJSON = {
      type: "union",
      value: ["x", "z"].map((value) => ({ type: "literal", value })),
    };
    const columns = [
      column("id", { type: "bigint" }),
      column("a", STRING, { nullable: true }),
      column("b", enumeration),
    ];
    const found = planFor(TEXT, [
      { ...table("t", [...columns, column("new")]), primaryKey: [["id"], ["a"]] },
      table("more", [column("id")]),
    ]);
    expect(found.differences.map(({ message }) => message)).toEqual([
      't: the column "new" (v.string()) is not declared',
      "t.id: declared v.number(), the source has v.int64()",
      't.b: declared v.union(v.literal("x"), v.literal("y")), the source has v.union(v.literal("x"), v.literal("z"))',
      "t.gone: the source has no such column",
      't: its primary key is ["id"], that of the source ["id","a"]',
      "more: the table public.more has no mirror",
      "lost: the source has no table public.lost",
    ]);
  });

  test("a table that was not asked for is not lost", () => {
    const tables = [table("t", [column("id", NUMBER)]), table("lost", [column("id", NUMBER)])];
    expect(kinds(planFor(TEXT, [tables[0]!], tables))).not.toContainEqual(["extraTable", "lost", null]);
  });

  test("what is declared in another file is not compared, and said", () => {
    const text = `${IMPORTS}import { t, more } from "./mirrors";\nexport default defineSchema({ t, ...more });`;
    const found = planFor(text, [table("t", [column("id")])]);
    expect(kinds(found)).toEqual([]);
    expect(found.notes.join("\n")).toMatch(/other files are not compared[^]*t: declared in another file/);
  });
});

describe("whatever the source", () => {
  const name = fc.oneof(
    fc.constantFrom(
      "id",
      "_id",
      "__id",
      "$id",
      "constructor",
      "__proto__",
      "mirrorKey",
      "a b",
      "A-B",
      "naïve",
      "1st",
      "*/",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.stringMatching(/^[a-z]{1,40}$/),
  );
  const scalar = fc.constantFrom<ValidatorJSON>(
    STRING,
    NUMBER,
    { type: "bigint" },
    { type: "boolean" },
    { type: "bytes" },
    { type: "any" },
    { type: "array", value: STRING },
    { type: "object", value: { a: { fieldType: NUMBER, optional: true } } },
    {
      type: "union",
      value: ["open", "won't", 'say "no"', "a\\b"].map((value) => ({ type: "literal", value })),
    },
  );
  const anyColumn = fc.record({
    name,
    validator: scalar,
    nullable: fc.boolean(),
    optional: fc.boolean(),
    comment: fc.option(fc.string({ unit: "grapheme", maxLength: 200 })),
  });
  const anyTable = fc
    .record({
      namespace: fc.constantFrom(null, "public", "other schema"),
      // Names that are not too long for a table of Convex once they are written in ASCII.
      name: fc.oneof(
        fc.constantFrom("_id", "Order Items", "a.b", "naïve", "1st", "constructor", "*/"),
        fc.string({ minLength: 1, maxLength: 12 }),
      ),
      comment: fc.option(fc.string({ maxLength: 120 })),
      columns: fc.uniqueArray(anyColumn, { minLength: 1, maxLength: 8, selector: (each) => each.name }),
      keyed: fc.nat({ max: 2 }),
    })
    .map(({ keyed, ...rest }): SourceTable => {
      const key = rest.columns.slice(0, keyed).map((each) => [each.name]);
      return { ...rest, primaryKey: key.length === 0 ? null : key, version: null, notes: [] };
    });
  const anyTables = fc.uniqueArray(anyTable, {
    minLength: 1,
    maxLength: 4,
    selector: (each) => `${each.namespace ?? ""}.${each.name}`.replace(/[^a-z0-9]+/gi, "_").toLowerCase(),
  });

  function mistakes(text: string): string[] {
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: "schema.ts" });
    return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  }

  test("of two tables that arrive as one stream, the first is mirrored, and the other is named", () => {
    const tables = [table(" ", [column("id"), column(" ")]), table("*/", [column(" ")])];
    const before = generated(null, [table(" ", [column("id")])]);
    const after = generated(before, tables);
    expect(mistakes(after)).toEqual([]);
    expect(generated(after, tables)).toBe(after);
    expect(planFor(after, tables).notes).toEqual([
      "public.*/: arrives as the same stream as public. , and is left out.",
    ]);
  });

  test("a mirror that names no source is of the first table with its name; the others are named", () => {
    const before = generated(null, [table("orders", [column("id")], { namespace: null })]);
    const tables = ["public", "archive"].map((namespace) =>
      table("orders", [column("id"), column("at")], { namespace }),
    );
    const after = generated(before, tables);
    expect(mistakes(after)).toEqual([]);
    expect(after.match(/at:/g)).toHaveLength(1);
    expect(planFor(after, tables).notes).toEqual([
      'archive.orders: "orders" mirrors public.orders; name its source in schema.ts.',
    ]);
  });

  test("GENERATE-3: what was generated is read again as what it is: nothing is left to do", () => {
    fc.assert(
      fc.property(anyTables, (tables) => {
        const text = generated(null, tables);
        expect(mistakes(text)).toEqual([]);
        expect(kinds(planFor(text, tables))).toEqual([]);
        expect(generated(text, tables)).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test("the code is as Prettier formats it, but for names that are longer than a line", async () => {
    const isLong = ({ columns }: SourceTable) =>
      nameColumns(columns.map((each) => each.name)).some(({ field }) => field.length > 50);
    await fc.assert(
      fc.asyncProperty(
        anyTables.filter((tables) => !tables.some(isLong)),
        async (tables) => {
          const text = generated(null, tables);
          expect(await format(text, { parser: "typescript" })).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("what is added in steps ends in nothing to do, and no line of before is lost", () => {
    fc.assert(
      fc.property(anyTables, anyTables, fc.nat(), (first, second, cut) => {
        const before = generated(
          `// by hand\n${IMPORTS}export default defineSchema({\n  // ours\n  own: defineTable({ a: v.string() }), // too\n});\n`,
          first.map((each) => ({ ...each, columns: each.columns.slice(0, 1 + (cut % 8)), primaryKey: null })),
        );
        const names = new Set(first.map((each) => each.name));
        const all = [
          ...first.map((each) => ({ ...each, primaryKey: null })),
          ...second.filter((each) => !names.has(each.name)),
        ];
        const after = generated(before, all);
        expect(mistakes(after)).toEqual([]);
        expect(generated(after, all)).toBe(after);
        const lines = after.split("\n").map((line) => line.trim());
        let at = 0;
        for (const line of before.split("\n").map((each) => each.trim())) {
          // Options, and the end of a mirror without any, are broken to make room for another one.
          if (/\{ source:|columns:|^\}\),$/.test(line)) continue;
          at = lines.indexOf(line, at) + 1;
          expect(at, line).toBeGreaterThan(0);
        }
      }),
      { numRuns: 100 },
    );
  });
});
