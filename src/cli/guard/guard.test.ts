// @vitest-environment node
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compilerHost } from "../../../test/compilerHost.js";
import {
  appsOnDisk,
  check,
  CLEAN,
  messageIds,
  ROOT,
  SCHEMA,
  SERVER,
  WRITE,
  WRITE_JS,
} from "../../../test/guard/appsOnDisk.js";
import { disagreements } from "../../../test/guard/frontEnds.js";
import { checkApp } from "./check.js";
import { formatText } from "./report.js";
import { formatSarif } from "./sarif.js";

const FIXTURE = `${ROOT}/test/guard/fixture`;
const { app, apps } = appsOnDisk();

describe("streaming-import guard", () => {
  it("vouches for a clean app and prints its proof", async () => {
    const { exitCode, report } = await check(FIXTURE);
    const output = formatText(report, true);
    expect(exitCode).toBe(0);
    expect(output).toContain("convex/schema.ts: 8 tables, 2 of them mirrors");
    expect(output).toContain("customers ← public.customers (owner: the billing team)");
    expect(output).toMatch(/Checked {6}\d+ files, \d+ write sites?/);
    expect(output).toContain("Exemptions   none");
    expect(output).toContain("edits of rows in the dashboard");
    expect(output).toContain("`npx convex import`");
    expect(output).toContain("whose URL is computed");
    expect(output).toContain("eval");
    expect(output).toContain("✔ No code of this app that is deployed writes a mirror");
  });

  it("exits with 1 on a finding, and says where", async () => {
    const { exitCode, report } = await check(app({ "convex/a.ts": WRITE }));
    expect(exitCode).toBe(1);
    expect(report.claim).toBeNull();
    expect(report.findings[0]).toMatchObject({ file: "convex/a.ts", line: 2, rule: "no-mirror-writes" });
    expect(report.findings[0]?.message).toContain("public.customers (owner: billing)");
  });

  it("prints a line for each finding, and each advice once", async () => {
    const { report } = await check(app({ "convex/a.ts": WRITE, "convex/b.ts": WRITE }));
    const [first, second, empty, advice] = formatText(report).split("\n");
    expect(first).toMatch(
      /^convex\/a\.ts:2:\d+ {2}error {2}`insert` writes .*billing\)\. {2}\(no-mirror-writes\)$/,
    );
    expect(second).toMatch(/^convex\/b\.ts:2:\d+ {2}error /);
    expect(empty).toBe("");
    expect(advice).toMatch(/^→ The import owns its rows: /);
    expect(formatText(report).split("The import owns its rows")).toHaveLength(2);
    expect(formatText(report)).toContain("that no analysis of the code can see. --verbose lists them.");
    expect(formatText(report)).not.toContain("edits of rows in the dashboard");
  });

  it("counts what the linter's fix names, and prints a line for what people have to name", async () => {
    const { report } = await check(app({ "convex/a.ts": WRITE }));
    const [write] = report.findings;
    const finding = (messageId: "explicitTable" | "explicitTables" | "explicitLibrary", line: number) => ({
      ...write!,
      line,
      messageId,
      rule: "explicit-write-table" as const,
      message: `${messageId} says what. Write the name as a literal.`,
    });
    const findings = [
      finding("explicitTable", 3),
      finding("explicitTable", 4),
      finding("explicitTables", 5),
      finding("explicitLibrary", 6),
    ];
    const lines = formatText({ ...report, findings }).split("\n");
    expect(lines.filter((line) => line.includes("(explicit-write-table)"))).toEqual([
      expect.stringMatching(/^convex\/a\.ts:5:\d+ {2}error {2}explicitTables says what\. {2}/),
      expect.stringMatching(/^convex\/a\.ts:6:\d+ {2}error {2}explicitLibrary says what\. {2}/),
      expect.stringMatching(
        /^2 writes in convex\/a\.ts do not name their table, so the server cannot check it\./,
      ),
    ]);
    expect(lines.filter((line) => line.startsWith("→"))).toEqual(["→ Write the name as a literal."]);
  });

  it("refuses functions that do not record what they write to exported tables; no mirror is needed", async () => {
    const schema = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { exportTable } from "convex-streaming-import/schema";
export default defineSchema({ notes: exportTable(defineTable({ text: v.string() })) });`;
    const functions = `import { guard, type ExportComponent } from "convex-streaming-import/guard";
import { mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";
declare const component: ExportComponent;
export const { mutation } = guard(schema, { mutation: rawMutation }, component);`;
    const raw = await check(app({ "convex/schema.ts": schema, "convex/a.ts": CLEAN }));
    expect(raw.exitCode).toBe(1);
    expect(messageIds(raw.report).sort()).toEqual(["unrecordedBuilder", "unrecordedWrite"]);
    const guarded = CLEAN.replace("./_generated/server.js", "./functions.js");
    const files = { "convex/schema.ts": schema, "convex/functions.ts": functions };
    expect((await check(app({ ...files, "convex/a.ts": guarded }))).exitCode).toBe(0);
    const mixed = await check(app({ ...files, "convex/a.ts": CLEAN }));
    expect(messageIds(mixed.report).sort()).toEqual(["rawBuilder", "unrecordedWrite"]);
  });

  it("ignores comments that turn rules off", async () => {
    const code = `/* eslint-disable */\n${WRITE.replace("export", "// @ts-ignore\n// eslint-disable-next-line -- fine\nexport")}`;
    const { exitCode, report } = await check(app({ "convex/a.ts": code }));
    expect(exitCode).toBe(1);
    expect(messageIds(report)).toContain("mirrorWrite");
  });

  it("vouches for nothing while the program has type errors", async () => {
    const { exitCode, report } = await check(
      app({ "convex/a.ts": `${CLEAN}\nexport const x: number = "";` }),
    );
    expect(exitCode).toBe(2);
    expect(report.typeErrors).toMatchObject([{ file: "convex/a.ts", line: 3 }]);
    expect(report.claim).toBeNull();
  });

  it("asks for no more than types: tests may have errors, and unused names are no error", async () => {
    const cwd = app({
      "convex/a.ts": `${CLEAN}\nfunction unused() { return BUILD.length; }`,
      "convex/a.test.ts": "export const x: number = missing;",
      "convex/globals.ts": "export {};\ndeclare global { const BUILD: string; }",
      "page.ts": "export const y: number = missing;",
      "tsconfig.json": JSON.stringify({ extends: "./convex/tsconfig.json", include: ["."] }),
      "strict.json": JSON.stringify({
        extends: "./tsconfig.json",
        compilerOptions: { noUnusedLocals: true, noUnusedParameters: true },
      }),
    });
    const { exitCode, report } = await check(cwd, { tsconfig: "strict.json" });
    expect(report.typeErrors).toEqual([]);
    expect(report.notDeployed).toEqual(["convex/a.test.ts"]);
    expect(exitCode).toBe(0);
  });

  it("finds in strict what the other mode leaves", async () => {
    const code = `import { mutation } from "./_generated/server.js";
export const f = mutation({ args: {}, handler: async (ctx) => { const x: unknown = ctx; return x; } });`;
    const cwd = app({ "convex/a.ts": code });
    expect((await check(cwd)).report.findings).toHaveLength(1);
    expect((await check(cwd, { strict: false })).report).toMatchObject({ mode: "recommended", findings: [] });
  });

  it("checks files outside the functions directory that functions import, and only those", async () => {
    const { report } = await check(
      app({
        "convex/a.ts": 'export { add } from "../lib/b.js";',
        "lib/b.ts": WRITE.replace("./_generated", "../convex/_generated"),
        "convex/c.test.ts": WRITE,
      }),
    );
    expect(report.findings.map(({ file }) => file)).toEqual(["lib/b.ts"]);
    expect(report.notDeployed).toEqual(["convex/c.test.ts"]);
  });

  it("checks JavaScript, also where tsconfig.json leaves it out", async () => {
    const { report } = await check(app({ "convex/a.js": WRITE.replace("1n", "1n") }));
    expect(messageIds(report)).toEqual(["mirrorWrite"]);
  });

  it("leaves components alone: their tables are their own", async () => {
    const { exitCode, report } = await check(
      app({
        "convex/a.ts": 'import "./part/b.js";\n' + CLEAN,
        "convex/part/convex.config.ts":
          'import { defineComponent } from "convex/server"; export default defineComponent("part");',
        "convex/part/schema.ts":
          'import { defineSchema } from "convex/server"; export default defineSchema({});',
        "convex/part/b.ts": "export const x = 1;",
      }),
    );
    expect(exitCode).toBe(0);
    expect(report.components).toEqual(["convex/part"]);
  });

  it("finds the functions directory in convex.json", async () => {
    const root = app({
      "convex.json": '{ "functions": ".//backend//" }',
      "convex/schema.ts": null,
      "backend/schema.ts": SCHEMA,
      "backend/_generated/server.d.ts": SERVER,
      "backend/a.ts": WRITE,
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          target: "ESNext",
          types: [],
          module: "ESNext",
          moduleResolution: "Bundler",
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          paths: { "convex-streaming-import/*": [`${ROOT}/dist/src/*/index.d.ts`] },
        },
        include: ["backend"],
      }),
    });
    const { report } = await check(root);
    expect(report).toMatchObject({ schema: "backend/schema.ts", tsconfig: "tsconfig.json" });
    expect(messageIds(report)).toEqual(["mirrorWrite"]);
  });

  it("lets no writer into a stream, whose other end may have another type", async () => {
    const code = `/// <reference lib="dom" />
import { mutation } from "./_generated/server.js";
import type { GenericDatabaseWriter, GenericDataModel } from "convex/server";
type Writer = GenericDatabaseWriter<GenericDataModel>;
type Save = (table: string, value: object) => Promise<unknown>;
export const save = mutation({ args: {}, handler: async (ctx) => {
  const stream = new TransformStream<Writer, Record<string, Save>>();
  void stream.writable.getWriter().write(ctx.db);
  const { value } = await stream.readable.getReader().read();
  await value![["ins", "ert"].join("")]!(["custom", "ers"].join(""), {});
} });`;
    const { report } = await check(app({ "convex/a.ts": code }));
    expect([report.problems, report.typeErrors]).toEqual([[], []]);
    expect(report.findings.map(({ line, messageId }) => [line, messageId])).toEqual([[8, "escape"]]);
  });

  describe("says what to configure", () => {
    it.each([
      [
        "no functions directory",
        { "convex/schema.ts": null, "convex/a.ts": CLEAN },
        { functionsDir: "nowhere" },
        "NoFunctions",
        "There is no functions directory",
      ],
      [
        "a directory that is not deployed",
        { "lib/a.ts": CLEAN.replace("./_gen", "../convex/_gen"), "convex/a.ts": WRITE },
        { functionsDir: "lib" },
        "WrongFunctions",
        "lib is not the functions directory",
      ],
      [
        "no schema",
        {
          "convex/schema.ts": null,
          "convex/_generated/server.d.ts": null,
          "convex/a.ts": "export const x = 1;",
        },
        {},
        "NoSchema",
        "No Convex schema was found",
      ],
      [
        "no mirror",
        {
          "convex/schema.ts":
            'import { defineSchema } from "convex/server"; export default defineSchema({});',
          "convex/a.ts": CLEAN,
        },
        {},
        "NoMirrors",
        "declares no mirror",
      ],
      [
        "a schema of type any",
        { "convex/schema.ts": "export default {} as any;", "convex/a.ts": "export const x = 1;" },
        {},
        "AnySchema",
        "not known to the type checker",
      ],
      [
        "an unknown option",
        { "streaming-import.guard.json": '{ "mirror": [] }', "convex/a.ts": CLEAN },
        {},
        "InvalidOptions",
        'unknown option "mirror"',
      ],
      [
        "broken JSON",
        { "streaming-import.guard.json": "{", "convex/a.ts": CLEAN },
        {},
        "InvalidOptions",
        "not valid JSON",
      ],
      [
        "an exemption without a day",
        {
          "streaming-import.guard.json":
            '{ "exemptions": [{ "file": "convex/a.ts", "tables": ["customers"], "reason": "x" }] }',
          "convex/a.ts": CLEAN,
        },
        {},
        "InvalidExemption",
        "until which day",
      ],
    ] as const)("%s", async (_name, files, options, code, sentence) => {
      const { exitCode, report } = await check(app(files), options);
      expect(exitCode).toBe(2);
      expect(report.problems).toEqual([{ code, message: expect.stringContaining(sentence) as string }]);
      expect(report.claim).toBeNull();
    });
  });

  describe("exemptions", () => {
    const config = (until: string, file = "convex/a.ts"): string =>
      JSON.stringify({
        exemptions: [{ file, within: "add", tables: ["customers"], until, reason: "reviewed back-fill" }],
      });

    it("allow a finding until their day, and are listed", async () => {
      const cwd = app({ "convex/a.ts": WRITE, "streaming-import.guard.json": config("2026-12-31") });
      const { exitCode, report } = await check(cwd);
      expect(exitCode).toBe(0);
      expect(report.exemptions).toMatchObject([
        { file: "convex/a.ts", tables: ["customers"], used: 1, expired: false },
      ]);
      expect(formatText(report)).toContain(
        "customers until 2026-12-31 (allows 1 finding): reviewed back-fill",
      );
    });

    it("are findings when they expired", async () => {
      const { report } = await check(
        app({ "convex/a.ts": WRITE, "streaming-import.guard.json": config("2026-11-19") }),
      );
      expect(messageIds(report).sort()).toEqual(["expiredExemption", "mirrorWrite"]);
    });

    it("are findings when they allow nothing, or name a file that is not there", async () => {
      const unused = await check(
        app({ "convex/a.ts": CLEAN, "streaming-import.guard.json": config("2026-12-31") }),
      );
      expect(messageIds(unused.report)).toEqual(["unusedExemption"]);
      const stray = await check(
        app({ "convex/a.ts": CLEAN, "streaming-import.guard.json": config("2026-12-31", "convex/b.ts") }),
      );
      expect(messageIds(stray.report)).toEqual(["unusedExemption"]);
    });

    it("in comments count, too", async () => {
      const code = WRITE.replace(
        "export",
        "// streaming-import-allow customers until 2026-12-31: reviewed back-fill\nexport",
      );
      const { exitCode, report } = await check(app({ "convex/a.ts": code }));
      expect(exitCode).toBe(0);
      expect(report.exemptions).toMatchObject([{ form: "comment", line: 2 }]);
    });
  });

  it("writes SARIF", async () => {
    const { report } = await check(app({ "convex/a.ts": WRITE }));
    const log = JSON.parse(formatSarif(report)) as {
      version: string;
      runs: { results: object[]; tool: { driver: { rules: object[] } } }[];
    };
    expect(log.version).toBe("2.1.0");
    expect(log.runs[0]?.tool.driver.rules).toHaveLength(11);
    expect(log.runs[0]?.results).toMatchObject([
      {
        ruleId: "no-mirror-writes",
        level: "error",
        locations: [
          { physicalLocation: { artifactLocation: { uri: "convex/a.ts" }, region: { startLine: 2 } } },
        ],
      },
    ]);
  });

  it("lists what an option trusts", async () => {
    const config = JSON.stringify({ trusted: [{ from: "file", path: "convex/a.ts", name: "add" }] });
    const { exitCode, report } = await check(
      app({ "convex/a.ts": WRITE, "streaming-import.guard.json": config }),
    );
    expect(exitCode).toBe(0);
    expect(report.trusted.specifiers).toEqual(["add in convex/a.ts"]);
  });
});

describe("this project", () => {
  const APPLY = WRITE.replace("export const add", "export const apply");

  it("lets the importer's own functions write, by where they come from", async () => {
    const importer = `import { StreamingImport } from "convex-streaming-import";
import schema from "./schema.js";
export const { read, write, declare, replayQuarantine } = new StreamingImport({} as never, schema).internalFunctions();`;
    const { exitCode, report } = await check(app({ "convex/imports.ts": importer }));
    expect({ exitCode, ...report }).toMatchObject({ exitCode: 0, findings: [], typeErrors: [] });
  });

  it("takes no function of an app for the importer's because of its name or its file's", async () => {
    const { report } = await check(
      app({
        "convex/imports.ts": `${APPLY}\nexport { apply as begin } from "../src/client/apply.js";`,
        "src/client/apply.ts": APPLY.replace("./_generated", "../../convex/_generated"),
      }),
    );
    expect(report.findings.map(({ file, messageId }) => [file, messageId]).sort()).toEqual([
      ["convex/imports.ts", "mirrorWrite"],
      ["src/client/apply.ts", "mirrorWrite"],
    ]);
  });

  it("refuses calls of the importer's own functions: without a cast by the compiler, with one by the engine", async () => {
    const api = `import { anyApi, type ApiFromModules } from "convex/server";
import type * as imports from "./imports.js";
const internal = anyApi as unknown as ApiFromModules<{ imports: typeof imports }>;
declare const ctx: import("convex/server").GenericActionCtx<never>;
const change = { table: "customers", rows: [], match: "key" as const, tombstones: [], at: 0 };`;
    const { report } = await check(
      app({
        "convex/imports.ts": `import { StreamingImport } from "convex-streaming-import";
import schema from "./schema.js";
export const { write, declare } = new StreamingImport({} as never, schema).internalFunctions();`,
        "convex/calls.ts": `${api}\nvoid ctx.runMutation(internal.imports.write, change);`,
        "convex/casts.ts": `${api}\nvoid ctx.runMutation(internal.imports.write, change as never);`,
        "convex/strings.ts": `${api}\nvoid ctx.runMutation("imports:write" as never, change as never);`,
        "convex/taken.ts": `${api}\nconst { imports: { write: taken } } = anyApi; void ctx.runMutation(taken!, change as never);`,
        "convex/reads.ts": `${api}\nvoid ctx.runMutation(internal.imports.declare, {});\nexport default change;`,
      }),
    );
    expect(
      report.typeErrors.map(({ file, message }) => [file, message.includes("Only the importer calls")]),
    ).toEqual([["convex/calls.ts", true]]);
    expect(report.findings.map(({ file, messageId }) => [file, messageId]).sort()).toEqual([
      ["convex/calls.ts", "importerFunction"],
      ["convex/casts.ts", "importerFunction"],
      ["convex/strings.ts", "importerFunction"],
      ["convex/taken.ts", "importerFunction"],
    ]);
  });

  it("the example app passes in strict mode", async () => {
    const { exitCode, report } = await check(ROOT, { functionsDir: "example/convex" });
    expect(exitCode).toBe(0);
    expect(report.problems).toEqual([]);
    expect(report.findings).toEqual([]);
    expect(report.mirrors.length).toBeGreaterThan(0);
  });
});

describe("what is deployed is what is checked", () => {
  it.each([
    ["CommonJS", { "convex/a.cjs": WRITE_JS }],
    ["a nested _generated", { "convex/deep/_generated/a.ts": WRITE.replace("./_gen", "../../_gen") }],
    ["a directory with a dot", { "convex/.hidden/a.ts": WRITE.replace("./_gen", "../_gen") }],
    [
      "code of a component's directory that the app imports",
      {
        "convex/a.ts": 'export { add } from "./part/b.js";',
        "convex/part/convex.config.ts":
          'import { defineComponent } from "convex/server"; export default defineComponent("part");',
        "convex/part/schema.ts":
          'import { defineSchema } from "convex/server"; export default defineSchema({});',
        "convex/part/b.ts": WRITE.replace("./_gen", "../_gen"),
        "convex/part/own.ts": WRITE.replace("./_gen", "../_gen"),
      },
    ],
    [
      "JavaScript that TypeScript imports",
      {
        "convex/a.ts": 'export * from "./lib/b.js";',
        "convex/lib/b.js": WRITE_JS.replace("./_gen", "../_gen"),
      },
    ],
    [
      "JavaScript beside a declaration file",
      {
        "convex/a.ts": 'export { add } from "../lib/save.js";',
        "lib/save.js": WRITE_JS.replace("./_gen", "../convex/_gen"),
        "lib/save.d.ts":
          'import type { RegisteredMutation } from "convex/server"; export declare const add: RegisteredMutation<"public", {}, null>;',
      },
    ],
    [
      "JavaScript beside its source, where an import names it",
      {
        "convex/a.ts": 'export { add } from "../lib/save.js";',
        "lib/save.js": WRITE_JS.replace("./_gen", "../convex/_gen"),
        "lib/save.ts": CLEAN.replace("./_gen", "../convex/_gen"),
      },
    ],
    [
      "a file of one's own in _generated",
      {
        "convex/a.ts": 'export { add } from "./_generated/save.js";',
        "convex/_generated/save.ts": WRITE.replace("./_generated/server", "./server"),
      },
    ],
    [
      "a directory with a schema of its own, which is not deployed",
      {
        "convex/deep/schema.ts":
          'import { defineSchema } from "convex/server"; export default defineSchema({});',
        "convex/deep/a.ts": WRITE.replace("./_gen", "../_gen"),
      },
    ],
    [
      "a package of the workspace",
      {
        "convex/a.ts":
          'import { mutation } from "./_generated/server.js"; import { save } from "../packages/shared/save.js"; export const f = mutation({ args: {}, handler: async (ctx) => { await save(ctx); } });',
        "packages/shared/package.json": '{ "name": "convex-helpers" }',
        "packages/shared/save.ts":
          'import type { MutationCtx } from "../../convex/_generated/server.js"; export const save = (ctx: MutationCtx) => ctx.db.insert("customers", { id: 1n });',
      },
    ],
  ])("finds a write in %s, as ESLint does", async (_name, files) => {
    const cwd = app(files);
    const { exitCode, report } = await check(cwd);
    expect(disagreements(cwd)).toBeNull();
    expect(report.problems).toEqual([]);
    expect(messageIds(report)).toContain("mirrorWrite");
    expect(exitCode).not.toBe(0);
  });

  it.each(["convex", "convex-helpers", "convex-ents", "@convex-dev/app", "convex-streaming-import"])(
    "checks an app that is called %s",
    async (name) => {
      const { report } = await check(
        app({ "package.json": JSON.stringify({ name, type: "module" }), "convex/a.ts": WRITE }),
      );
      expect(messageIds(report)).toEqual(["mirrorWrite"]);
    },
  );

  it.each([".", "..", "convex"])("the options beside the functions hold when it runs in %s", (folder) => {
    const root = app({
      "convex/a.ts": CLEAN,
      "convex/streaming-import.guard.json": '{ "tables": ["notes"] }',
      ...(folder === "convex" ? { "convex/convex.json": '{ "functions": "." }' } : {}),
    });
    const functionsDir = folder === ".." ? join(root, "convex") : undefined;
    const { report } = checkApp({
      cwd: join(root, folder),
      strict: true,
      functionsDir,
      createHost: compilerHost,
    });
    expect(report.problems).toEqual([]);
    expect(report.findings.map(({ messageId }) => messageId)).toEqual(["mirrorWrite"]);
  });

  it.each([
    [
      "a tsconfig.json that is no JSON",
      { "convex/tsconfig.json": "{ nonsense" },
      "InvalidTsconfig",
      "broken",
    ],
    [
      "a base that is not there",
      { "convex/tsconfig.json": '{ "extends": "./missing.json" }' },
      "InvalidTsconfig",
      "broken",
    ],
    [
      "a mirror in the options that no schema knows",
      { "streaming-import.guard.json": '{ "tables": ["customer"] }' },
      "UnknownTable",
      'Did you mean "customers"?',
    ],
    [
      "a schema that is not the one that is deployed",
      {
        "streaming-import.guard.json": '{ "schema": "other/schema.ts" }',
        "other/schema.ts": SCHEMA.replace("customers:", "clients:"),
        "convex/b.ts": 'import "../other/schema.js";',
      },
      "InvalidOptions",
      "Convex deploys convex/schema.ts",
    ],
    [
      "a schema that no function imports",
      {
        "streaming-import.guard.json": '{ "schema": "other/schema.ts" }',
        "other/schema.ts": SCHEMA.replace("customers:", "clients:"),
      },
      "InvalidOptions",
      "Convex deploys convex/schema.ts",
    ],
    [
      "a schema that is not there",
      { "streaming-import.guard.json": '{ "schema": "convex/tables.ts" }' },
      "InvalidOptions",
      "Convex deploys convex/schema.ts",
    ],
    [
      "a functions directory that is not the one that is deployed",
      { "streaming-import.guard.json": '{ "functionsDir": "other" }' },
      "InvalidOptions",
      '"functions" in convex.json names',
    ],
    [
      "a trusted package that is not installed",
      {
        "streaming-import.guard.json":
          '{ "trusted": [{ "from": "package", "package": "convex-helper", "name": "*" }] }',
      },
      "InvalidOptions",
      'convex-helper, which is not installed. Did you mean "convex-helpers"?',
    ],
    [
      "a trusted package of a scope that is not installed",
      {
        "streaming-import.guard.json":
          '{ "trusted": [{ "from": "package", "package": "@nobody/tools", "name": "*" }] }',
      },
      "InvalidOptions",
      "@nobody/tools, which is not installed. Correct the name",
    ],
    [
      "a trusted file that is not there",
      {
        "streaming-import.guard.json":
          '{ "trusted": [{ "from": "file", "path": "convex/forwrad.ts", "name": "forward" }] }',
        "convex/forward.ts": "export const forward = 1;",
      },
      "InvalidOptions",
      'convex/forwrad.ts, which is not there. Did you mean "convex/forward.ts"?',
    ],
    [
      "an option that would revive expired exemptions",
      { "streaming-import.guard.json": '{ "today": "2020-01-01" }' },
      "InvalidOptions",
      'unknown option "today"',
    ],
  ])("vouches for nothing with %s", async (_name, files, code, problem) => {
    const { exitCode, report } = await check(app({ "convex/a.ts": WRITE, ...files }));
    expect(exitCode).toBe(2);
    expect(report.problems).toEqual([{ code, message: expect.stringContaining(problem) as string }]);
  });
});

it("ESLint finds in every app above what the command finds", () => {
  expect(apps.length).toBeGreaterThan(40);
  expect(apps.flatMap((cwd) => disagreements(cwd) ?? [])).toEqual([]);
}, 120_000);
