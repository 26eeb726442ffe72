// @vitest-environment node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type ts from "typescript";
import { analyze, programWith, typeErrors } from "../../test/guard/programs.js";
import { PUBLISHED } from "../../test/guard/published.js";
import { IMPORTS } from "../../test/guard/sources.js";
import { LIBRARIES, TRIGGERS } from "./libraries.js";

/** A program for each entry of the table; `tables` makes its table a mirror where the schema has none of that name. */
const PROGRAMS: Readonly<Record<string, { code: string; tables?: string[]; messageId: string }>> = {
  "convex-helpers crud": {
    code: 'import { crud } from "convex-helpers/server/crud"; import schema from "./schema.js"; export const all = crud(schema, "customers");',
    messageId: "factory",
  },
  "convex-helpers makeMigration()": {
    code: 'import { makeMigration } from "convex-helpers/server/migrations"; export const m = makeMigration(internalMutation)({ table: "customers", migrateOne: () => ({ email: "" }) });',
    messageId: "migration",
  },
  "convex-helpers rateLimit": {
    code: 'import { rateLimit } from "convex-helpers/server/rateLimit"; export const f = mutation(async (ctx) => { await rateLimit(ctx as never, { name: "x", config: { kind: "fixed window", rate: 1, period: 1 } } as never); });',
    tables: ["rateLimits"],
    messageId: "factory",
  },
  "@convex-dev/migrations Migrations.define": {
    code: 'import { Migrations } from "@convex-dev/migrations"; export const m = new Migrations<DataModel>({} as never).define({ table: "customers", migrateOne: () => ({ email: "" }) });',
    messageId: "migration",
  },
  "@convex-dev/auth convexAuth": {
    code: 'import { convexAuth } from "@convex-dev/auth/server"; export const a = convexAuth({ providers: [] });',
    tables: ["users"],
    messageId: "factory",
  },
  "convex-ents scheduledDeleteFactory": {
    code: 'import { scheduledDeleteFactory } from "convex-ents"; import { entDefinitions } from "./ents.js"; export const f = scheduledDeleteFactory(entDefinitions);',
    messageId: "scheduledDelete",
  },
  "convex-ents EntDefinition.edge": {
    code: 'import { defineEnt } from "convex-ents"; export const notes = defineEnt({ text: v.string() }).edge("owner", { to: "customers", deletion: "soft" });',
    messageId: "entsDeletion",
  },
  "convex-helpers Triggers.register": {
    code: 'import { Triggers } from "convex-helpers/server/triggers"; const t = new Triggers<DataModel>(); t.register("customers", async () => {}); export { t };',
    messageId: "trigger",
  },
};

const ENTRIES = [...LIBRARIES, ...TRIGGERS].map((entry) => `${entry.package} ${entry.name}`);
const path = (at: number): string => `convex/library_${String(at)}.ts`;
let program: ts.Program;

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
}

beforeAll(() => {
  program = programWith(
    Object.fromEntries(ENTRIES.map((entry, at) => [path(at), IMPORTS + (PROGRAMS[entry]?.code ?? "")])),
  );
});

describe("the table of libraries", () => {
  it("has a program for every entry", () => {
    expect(Object.keys(PROGRAMS).sort()).toEqual([...ENTRIES].sort());
  });

  it("is the one that the documentation shows, with the versions that it was checked with", () => {
    const section = /\n## Libraries\n([\s\S]*)/.exec(read("docs/guard.md"))?.[1] ?? "";
    for (const [name, tested] of Object.entries(PUBLISHED)) {
      expect(section.replace(/ +/g, " ")).toContain(`| ${name} | ${tested} |`);
    }
    for (const entry of [...LIBRARIES, ...TRIGGERS]) {
      const name = entry.name.replace(/\(\)$/, "").replace(/^.*\./, "");
      expect(read("docs/rules/no-mirror-factories.md") + read("docs/rules/no-mirror-triggers.md")).toContain(
        name,
      );
    }
  });

  it.each(ENTRIES.map((entry, at) => [entry, at] as const))("%s is found", (entry, at) => {
    expect(typeErrors(program, path(at))).toEqual([]);
    const { findings } = analyze(program, path(at), { tables: PROGRAMS[entry]?.tables ?? [] });
    expect(findings.map(({ messageId }) => messageId)).toContain(PROGRAMS[entry]?.messageId);
  });
});
