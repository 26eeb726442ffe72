// @vitest-environment node
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { importerFunctions } from "../../src/cli/project/functionNames.js";
import { changes, checkOptions, type InitResult, prepare, resultOf, write } from "../../src/cli/init/run.js";
import { Call, run } from "./support/command.js";
import { MANIFEST, UserProject } from "./support/projects.js";

const OPTIONS = checkOptions({ pathPrefix: "/airbyte", source: "public.customers" });

let project: UserProject;
afterEach(() => {
  project.close();
});

/** What `init --yes` does, in this process. */
async function init(options = OPTIONS): Promise<InitResult> {
  const { project: read, steps } = await prepare(project.directory, options);
  write(read, steps);
  return resultOf(read, steps, true);
}

/** Runs it again: nothing may change any more. */
async function expectIdempotent(): Promise<void> {
  const before = project.files();
  const { steps } = await prepare(project.directory, OPTIONS);
  expect(changes(steps)).toEqual([]);
  await init();
  expect(project.files()).toEqual(before);
}

function actions({ files }: InitResult): Record<string, string> {
  return Object.fromEntries(files.map(({ file, action }) => [file, action]));
}

const TRESPASS = `import { mutation } from "./_generated/server";
export const add = mutation({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert("customers", { id: 9n });
  },
});
`;

describe("a fresh project", () => {
  test("gets everything; it compiles, lints, and a write to a mirror is found", async () => {
    project = UserProject.fresh();
    expect(actions(await init())).toEqual({
      "convex/convex.config.ts": "create",
      "convex/schema.ts": "create",
      "convex/imports.ts": "create",
      "convex/http.ts": "create",
      "convex/functions.ts": "create",
      "eslint.config.js": "create",
      "package.json": "edit",
    });
    expect(JSON.parse(project.read("package.json"))).toEqual({
      ...MANIFEST,
      scripts: { ...MANIFEST.scripts, guard: "streaming-import guard" },
    });
    expect(project.read("convex/imports.ts")).toContain(
      `export const { ${importerFunctions(false).join(", ")} } =`,
    );
    expect(project.compile()).toEqual([]);
    expect(await project.lint()).toEqual({});
    project.write("convex/trespass.ts", TRESPASS);
    expect(await project.lint()).toEqual({ "convex/trespass.ts": ["streaming-import/no-mirror-writes"] });
    project.remove("convex/trespass.ts");
    await expectIdempotent();
  });

  test("says what is next, with the project's package manager", async () => {
    project = UserProject.fresh({
      "pnpm-lock.yaml": "",
      "package.json": '{ "name": "x" }',
      "convex/notes.ts":
        'import { mutation } from "./_generated/server";\nexport const add = mutation({ handler: async () => {} });\n',
    });
    const { next } = await init();
    expect(next).toContain("pnpm add convex-streaming-import convex");
    expect(next).toContain(
      "Import mutation and internalMutation from convex/functions.ts in convex/notes.ts, instead of _generated/server.",
    );
    expect(next).toContain("pnpm exec convex dev");
    // Not a module: a config with `import` needs a name that says so.
    expect(project.has("eslint.config.mjs")).toBe(true);
    expect(JSON.parse(project.read("package.json"))).toEqual({
      name: "x",
      scripts: { guard: "streaming-import guard" },
    });
    await expectIdempotent();
  });

  test("names the script that has to run ESLint, where lint is another linter", async () => {
    const lint = (script: string) => JSON.stringify({ ...MANIFEST, scripts: { lint: script } });
    // As `npm create vite` writes it.
    project = UserProject.fresh({ "package.json": lint("oxlint") });
    expect((await init()).next.join("\n")).toContain('"lint": "oxlint && eslint convex"');
    project.write("package.json", lint("oxlint && eslint convex"));
    expect((await init()).next.join("\n")).not.toContain("eslint");
  });

  test("takes the source and the path of the routes from the command line", async () => {
    project = UserProject.fresh();
    await init(checkOptions({ pathPrefix: "/", source: "sales.Order Lines".replace(" ", "") }));
    expect(project.read("convex/schema.ts")).toContain("OrderLines: mirrorTable(");
    expect(project.read("convex/schema.ts")).toContain('source: "sales.OrderLines"');
    expect(project.read("convex/http.ts")).toContain("streamingImport.registerRoutes(http);");
    expect(project.compile()).toEqual([]);
  });

  test("declares the mirror of a file that is named, and says how its rows come", async () => {
    project = UserProject.fresh({ "people.csv": "id,name\n1,Ada\n" });
    const args = ["init", "--sample", "people.csv", "--key", "id", "--yes", "--json"];
    const { out, code } = await run(args, { cwd: project.directory });
    const { next } = JSON.parse(out) as InitResult;
    expect([code, next]).toEqual([
      0,
      [
        "npx convex dev",
        "npx streaming-import push people.csv --mirror people",
        "npx streaming-import doctor",
      ],
    ]);
    expect(project.read("convex/schema.ts")).toContain('primaryKey: ["id"]');
    expect(project.read("convex/schema.ts")).toContain("people: mirrorTable(");
    expect(project.compile()).toEqual([]);
    await expectIdempotent();
  });

  test.each([
    ["id,name\n1,Ada\n", 'primaryKey: ["id"]', "people"],
    ["name,age\nAda,36\n", "people: mirrorTable(", "people --mode refresh"],
  ])(
    "declares %j with the key that it most likely has, and pushes it as it can be",
    async (csv, declared, push) => {
      project = UserProject.fresh({ "people.csv": csv });
      const args = ["init", "--sample", "people.csv", "--yes", "--json"];
      const { next } = JSON.parse((await run(args, { cwd: project.directory })).out) as InitResult;
      expect(project.read("convex/schema.ts")).toContain(declared);
      expect(next).toContain(`npx streaming-import push people.csv --mirror ${push}`);
    },
  );

  test("asks where the rows come from, on a terminal", async () => {
    project = UserProject.fresh({ "people.csv": "id,name\n1,Ada\n" });
    const call = new Call(["init"], { cwd: project.directory });
    Object.assign(call.stdin, { isTTY: true, setRawMode: () => call.stdin });
    const says = async (words: string) => {
      await vi.waitFor(
        () => {
          expect(call.out).toContain(words);
        },
        { timeout: 60_000 },
      );
    };
    await says("Where do the rows of your first mirror come from?");
    call.stdin.write("\r");
    await says("The file?");
    // The only file with rows is there to take.
    call.stdin.write("\r");
    await says("Which columns name a row?");
    call.stdin.write("\r");
    await says("Write these files?");
    call.stdin.write("\r");
    expect((await call.ended).code).toBe(0);
    expect(project.read("convex/schema.ts")).toContain('primaryKey: ["id"]');
  });

  test.each([
    [{ pathPrefix: "/air byte", source: "a" }, "--path-prefix"],
    [{ pathPrefix: "/", source: "a.b.c" }, "--source"],
    [{ pathPrefix: "/", source: 'a"b' }, "--source"],
  ])("refuses %o", (options, named) => {
    project = UserProject.fresh();
    expect(() => checkOptions(options)).toThrow(named);
  });
});

const OTHER_CONFIG = `// The app's components.
import { defineApp } from 'convex/server'
import resend from '@convex-dev/resend/convex.config'

const app = defineApp()
app.use(resend) // mails

export default app
`;

const OTHER_SCHEMA = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/* Ours. */
export default defineSchema(
  {
    notes: defineTable({ text: v.string() }), // short ones
    // More to come.
  },
  { schemaValidation: true },
);
`;

const OTHER_HTTP = `import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";

const router = httpRouter();

router.route({
  path: "/hello",
  method: "GET",
  handler: httpAction(async () => new Response("hello")),
});

export default router;
`;

describe("a project with files of its own", () => {
  test("keeps them, comments, quotes and layout included, and adds what is missing", async () => {
    project = UserProject.fresh({
      "convex/convex.config.ts": OTHER_CONFIG,
      "convex/schema.ts": OTHER_SCHEMA,
      "convex/http.ts": OTHER_HTTP,
      "eslint.config.js": `import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["convex/_generated"] },
  ...tseslint.configs.recommended,
);
`,
    });
    const result = await init();
    expect(actions(result)).toMatchObject({
      "convex/convex.config.ts": "edit",
      "convex/schema.ts": "edit",
      "convex/http.ts": "edit",
      "eslint.config.js": "edit",
    });
    // Nothing is taken away or changed: every line that was there is there, in its order.
    for (const { file, diff } of result.files.filter(({ file }) => file !== "package.json"))
      expect([file, diff.split("\n").filter((line) => /^-(?!--)/.test(line))]).toEqual([file, []]);
    expect(project.read("convex/convex.config.ts")).toBe(`// The app's components.
import { defineApp } from 'convex/server'
import resend from '@convex-dev/resend/convex.config'
import streamingImport from 'convex-streaming-import/convex.config.js'

const app = defineApp()
app.use(resend) // mails
app.use(streamingImport)

export default app
`);
    expect(project.read("convex/http.ts"))
      .toContain(`streamingImport.registerRoutes(router, { pathPrefix: "/airbyte" });

export default router;`);
    expect(project.read("convex/schema.ts")).toContain(`    // More to come.
    // The columns`);
    project.write(
      "convex/convex.config.ts",
      project.read("convex/convex.config.ts").replace(/.*resend.*\n/g, ""),
    );
    expect(project.compile()).toEqual([]);
    expect(await project.lint()).toEqual({});
    await expectIdempotent();
  });

  test("a component under another name is called by it", async () => {
    project = UserProject.fresh({
      "convex/convex.config.ts": `import { defineApp } from "convex/server";
import mirrors from "convex-streaming-import/convex.config";
const app = defineApp();
app.use(mirrors, { name: "mirrors" });
export default app;
`,
    });
    expect(actions(await init())["convex/convex.config.ts"]).toBe("keep");
    expect(project.read("convex/imports.ts")).toContain("new StreamingImport(components.mirrors, schema)");
    expect(project.compile("mirrors")).toEqual([]);
    await expectIdempotent();
  });

  test("an imports.ts and a functions.ts that are something else stay, and the importer goes elsewhere", async () => {
    project = UserProject.fresh({
      "convex/imports.ts": "export const notOurs = 1;\n",
      "convex/functions.ts": 'export const helper = "ours";',
    });
    await init();
    expect(project.read("convex/imports.ts")).toBe("export const notOurs = 1;\n");
    expect(project.read("convex/streamingImports.ts")).toContain('{ module: "streamingImports" }');
    expect(project.read("convex/http.ts")).toContain('from "./streamingImports"');
    expect(project.read("convex/functions.ts")).toContain('export const helper = "ours";');
    expect(project.compile()).toEqual([]);
    await expectIdempotent();
  });

  test("an importer of an older version gets the functions that are new", async () => {
    project = UserProject.fresh();
    await init();
    const whole = project.read("convex/imports.ts");
    project.write(
      "convex/imports.ts",
      whole.replace("{ read, write, declare, replayQuarantine }", "{\n  read,\n  declare\n}"),
    );
    expect(actions(await init())["convex/imports.ts"]).toBe("edit");
    for (const name of importerFunctions(false))
      expect(project.read("convex/imports.ts")).toMatch(new RegExp(`\\b${name}\\b`));
    expect(project.compile()).toEqual([]);
    await expectIdempotent();
  });

  test.each([
    ["exportTable", "notes: exportTable(defineTable({ text: v.string() })),"],
    ["a mirror with export", 'notes: mirrorTable({ id: v.string() }, { primaryKey: ["id"], export: true }),'],
  ])("a schema that exports a table needs one function more: %s", async (_, table) => {
    project = UserProject.fresh();
    await init();
    expect(project.read("convex/imports.ts")).not.toContain("rows");
    const schema = project.read("convex/schema.ts");
    project.write(
      "convex/schema.ts",
      schema
        .replace("{ defineSchema }", "{ defineSchema, defineTable }")
        .replace("{ mirrorTable }", "{ exportTable, mirrorTable }")
        .replace("defineSchema({", `defineSchema({\n  ${table}`),
    );
    expect(actions(await init())["convex/imports.ts"]).toBe("edit");
    for (const name of importerFunctions(true))
      expect(project.read("convex/imports.ts")).toMatch(new RegExp(`\\b${name}\\b`));
    expect(importerFunctions(true)).toContain("rows");
    await expectIdempotent();
  });

  test("a schema whose mirrors are in another file has mirrors", async () => {
    project = UserProject.fresh({
      "convex/mirrors.ts": `import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";
export const orders = mirrorTable({ id: v.int64() }, { primaryKey: ["id"] });
`,
      "convex/schema.ts": `import { defineSchema } from "convex/server";
import { orders } from "./mirrors";
export default defineSchema({ orders });
`,
    });
    expect(actions(await init())["convex/schema.ts"]).toBe("keep");
    expect(project.compile()).toEqual([]);
    await expectIdempotent();
  });

  test.each([
    ["on one line", "export default defineSchema({ notes: defineTable({ text: v.string() }) });"],
    ["empty", "export default defineSchema({});"],
    [
      "with a trailing comma",
      "export default defineSchema({\r\n\tnotes: defineTable({ text: v.string() }),\r\n});",
    ],
    [
      "with the name taken",
      "export default defineSchema({\n  customers: defineTable({ text: v.string() })\n});",
    ],
  ])("a schema %s", async (_, code) => {
    const uses = code.includes("defineTable");
    const head = `import { defineSchema${uses ? ", defineTable" : ""} } from "convex/server";\n${uses ? 'import { v } from "convex/values";\n' : ""}`;
    project = UserProject.fresh({ "convex/schema.ts": `${head}\n${code}\n` });
    expect(actions(await init())["convex/schema.ts"]).toBe("edit");
    expect(project.compile()).toEqual([]);
    await expectIdempotent();
  });

  test("modules that name each other with .js go on doing so", async () => {
    project = UserProject.fresh({
      "convex/a.ts": "export const a = 1;\n",
      "convex/b.ts": 'import { a } from "./a.js";\nexport const b = a;\n',
    });
    await init();
    expect(project.read("convex/http.ts")).toContain('from "./imports.js"');
    expect(project.read("convex/imports.ts")).toContain('from "./_generated/api.js"');
    expect(project.compile()).toEqual([]);
  });
});

describe("ESLint", () => {
  const TYPED =
    "languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } }";

  test.each([
    [
      "a list",
      "eslint.config.mjs",
      `import tseslint from "typescript-eslint";\nexport default [...tseslint.configs.recommended];\n`,
    ],
    [
      "a variable",
      "eslint.config.js",
      `/** @type {import("eslint").Linter.Config[]} */\nconst config = [\n  { ignores: ["dist"] }\n];\n\nexport default config;\n`,
    ],
    [
      "defineConfig",
      "eslint.config.js",
      `import { defineConfig } from "eslint/config";\nimport * as tseslint from "typescript-eslint";\n\nexport default defineConfig([\n  tseslint.configs.recommended,\n]);\n`,
    ],
    [
      "with types already",
      "eslint.config.mjs",
      `import tseslint from "typescript-eslint";\nexport default tseslint.config(tseslint.configs.base, { ${TYPED} });\n`,
    ],
  ])("%s gets the plugin, which works", async (_, file, text) => {
    project = UserProject.fresh({ [file]: text });
    expect(actions(await init())[file]).toBe("edit");
    expect(project.compile()).toEqual([]);
    project.write("convex/trespass.ts", TRESPASS);
    const found = await project.lint();
    expect(found["convex/trespass.ts"]).toEqual(["streaming-import/no-mirror-writes"]);
    expect(project.read(file).match(/projectService/g)).toHaveLength(1);
    await expectIdempotent();
  });

  test("a configuration in TypeScript", async () => {
    const text = `import tseslint from "typescript-eslint";\nimport type { Linter } from "eslint";\n\nexport default [\n  ...tseslint.configs.recommended,\n] satisfies Linter.Config[];\n`;
    project = UserProject.fresh({ "eslint.config.ts": text });
    expect(actions(await init())["eslint.config.ts"]).toBe("edit");
    await expectIdempotent();
    // ESLint needs another package to load TypeScript; what it would load is this.
    project.write(
      "eslint.config.mjs",
      project
        .read("eslint.config.ts")
        .replace(/ satisfies .*;/, ";")
        .replace(/import type.*\n/, ""),
    );
    project.remove("eslint.config.ts");
    project.compile();
    project.write("convex/trespass.ts", TRESPASS);
    expect(await project.lint()).toMatchObject({
      "convex/trespass.ts": ["streaming-import/no-mirror-writes"],
    });
  });

  test("CommonJS is left alone; what is to be pasted works", async () => {
    const text = "module.exports = [];\n";
    project = UserProject.fresh({ "eslint.config.cjs": text });
    const { files, next } = await init();
    const { action, manual } = files.find(({ file }) => file === "eslint.config.cjs")!;
    expect(action).toBe("by hand");
    expect(next[0]).toBe("Edit eslint.config.cjs as shown above.");
    expect(project.read("eslint.config.cjs")).toBe(text);
    const paste = manual!.slice(manual!.indexOf("\n"));
    expect(paste).toContain("...yourConfig");
    const typed = `{ files: ["convex/**/*.ts"], languageOptions: { parser: require("typescript-eslint").parser, parserOptions: { projectService: true } } }`;
    project.write("eslint.config.cjs", `const yourConfig = [${typed}];\n${paste}\n`);
    project.compile();
    project.write("convex/trespass.ts", TRESPASS);
    expect(await project.lint()).toMatchObject({
      "convex/trespass.ts": ["streaming-import/no-mirror-writes"],
    });
    await expectIdempotent();
  });
});

describe("files that cannot be edited safely are left alone, with what to paste", () => {
  test.each<[string, string, string]>([
    [
      "convex/convex.config.ts",
      'import { defineApp } from "convex/server";\nexport default defineApp();\n',
      "app.use(streamingImport);",
    ],
    [
      "convex/schema.ts",
      'import { defineSchema } from "convex/server";\nconst tables = {};\nexport default defineSchema(tables);\n',
      "customers: mirrorTable(",
    ],
    ["convex/schema.ts", "export default defineSchema({ a: \n", "customers: mirrorTable("],
    [
      "convex/http.ts",
      'import { httpRouter } from "convex/server";\nexport default httpRouter();\n',
      "streamingImport.registerRoutes(http,",
    ],
    [
      "convex/functions.ts",
      'export { mutation, internalMutation } from "./_generated/server";\nexport const mutation2 = 1;\nconst schema = 2;\n',
      "guard(schema, {",
    ],
    ["eslint.config.js", "export default makeMine();\n", "...streamingImport.configs.recommended,"],
  ])("%s", async (file, text, paste) => {
    project = UserProject.fresh({ [file]: text });
    const result = await init();
    const { action, manual } = result.files.find((each) => each.file === file)!;
    expect(action).toBe("by hand");
    expect(manual).toContain(paste);
    expect(project.read(file)).toBe(text);
    expect(result.next).toContain(`Edit ${file} as shown above.`);
    await expectIdempotent();
  });
});

test.each([
  'import { defineSchema } from "convex/server";\nexport default defineSchema(makeTables());\n',
  "export default defineSchema({ a: \n",
])("a file's mirror for a schema that cannot be edited is shown, to paste", async (schema) => {
  project = UserProject.fresh({ "people.csv": "id,name\n1,Ada\n", "convex/schema.ts": schema });
  const { code, out } = await run(["init", "--sample", "people.csv", "--yes", "--json"], {
    cwd: project.directory,
  });
  const { files } = JSON.parse(out) as InitResult;
  const { action, manual } = files.find(({ file }) => file === "convex/schema.ts")!;
  expect([code, action]).toEqual([3, "by hand"]);
  expect(manual).toContain("people: mirrorTable(");
  // An option of another command.
  expect(manual).not.toContain("--out");
  expect(project.read("convex/schema.ts")).toBe(schema);
});

test("an error that names an option of generate says so", async () => {
  project = UserProject.fresh({ "people.csv": Buffer.from("id,name\n1,\xe9\n", "latin1") });
  const { code, err } = await run(["init", "--sample", "people.csv", "--yes"], { cwd: project.directory });
  expect(code).toBe(1);
  expect(err).toContain("Use --encoding with streaming-import generate");
});

describe("other projects", () => {
  test("without a functions directory gets a tsconfig.json, so that types are checked", async () => {
    project = new UserProject({});
    expect(actions(await init())["convex/tsconfig.json"]).toBe("create");
    expect(project.compile()).toEqual([]);
    project.write("convex/trespass.ts", TRESPASS.replace("_generated/server", "functions"));
    expect(project.compile().length).toBeGreaterThan(0);
    project.remove("convex/trespass.ts");
    await expectIdempotent();
  });

  test.each(["declaration", "composite"])("that sets %s compiles", async (option) => {
    project = UserProject.fresh();
    await init();
    const options = {
      strict: true,
      [option]: true,
      target: "ES2022",
      lib: ["ES2023", "DOM"],
      module: "ESNext",
    };
    project.write(
      "convex/tsconfig.json",
      JSON.stringify({
        compilerOptions: {
          ...options,
          moduleResolution: "Bundler",
          skipLibCheck: true,
          types: [],
          outDir: "out",
        },
        include: ["./**/*"],
      }),
    );
    expect(project.compile()).toEqual([]);
  });

  test("JavaScript alone", async () => {
    project = new UserProject({
      "convex/notes.js":
        'import { query } from "./_generated/server";\nexport const all = query(async () => []);\n',
    });
    expect(Object.keys(actions(await init()))).toEqual([
      "convex/convex.config.js",
      "convex/schema.js",
      "convex/imports.js",
      "convex/http.js",
      "convex/functions.js",
      "eslint.config.js",
      "package.json",
    ]);
    expect(project.read("convex/functions.js")).not.toContain("type ");
    expect(await project.lint()).toEqual({});
    project.write("convex/trespass.js", TRESPASS);
    expect((await project.lint())["convex/trespass.js"]).toContain("streaming-import/no-mirror-writes");
    project.remove("convex/trespass.js");
    await expectIdempotent();
    expect(project.compile()).toEqual([]);
  });

  test("functions elsewhere, as convex.json says", async () => {
    project = UserProject.fresh({ "convex.json": '{ "functions": "src/backend/" }' }, "src/backend");
    const { functionsDir, files } = await init();
    expect(functionsDir).toBe("src/backend");
    expect(files.map(({ file }) => file)).toContain("src/backend/imports.ts");
    expect(project.has("convex")).toBe(false);
    expect(project.compile()).toEqual([]);
    expect(await project.lint()).toEqual({});
    await expectIdempotent();
  });

  test.each<Record<string, string>>([
    { "package.json": JSON.stringify({ ...MANIFEST, workspaces: ["packages/*"] }) },
    { "pnpm-workspace.yaml": "packages: [packages/*]\n" },
  ])("at the root of a workspace, the package with the functions is named: %j", async (root) => {
    project = new UserProject({ ...root, "packages/backend/package.json": JSON.stringify(MANIFEST) });
    // No package has functions yet: they may go here.
    expect((await run(["init", "--dry-run"], { cwd: project.directory })).code).toBe(3);
    project.write("packages/backend/convex/notes.ts", "");
    project.write("packages/web/package.json", "{}");
    project.write("customers.csv", "id,name\n1,Ada\n");
    for (const command of [
      ["init", "--yes"],
      ["doctor", "--offline"],
      ["generate", "--sample", "customers.csv", "--key", "id", "--yes"],
    ]) {
      expect(await run(command, { cwd: project.directory })).toMatchObject({
        code: 2,
        out: "",
        err: "This is the root of a workspace, and its Convex functions are in packages/backend. Run this there, or add --cwd packages/backend.\n",
      });
    }
    expect(project.has("convex")).toBe(false);
    const cwd = ["--cwd", "packages/backend"];
    expect((await run(["init", "--yes", ...cwd], { cwd: project.directory })).code).toBe(0);
    expect(project.has("packages/backend/convex/schema.ts")).toBe(true);
    project.write("packages/web/convex/notes.ts", "");
    expect((await run(["init"], { cwd: project.directory })).err).toContain(
      "packages/backend, packages/web.",
    );
  });

  test("a directory that is no project, and one whose files are broken", async () => {
    project = UserProject.fresh({ "convex.json": "{" });
    await expect(init()).rejects.toThrow("convex.json is not valid JSON");
    project.write("package.json", "{");
    await expect(init()).rejects.toThrow("package.json is not valid JSON");
    project.write("package.json", "null");
    await expect(init()).rejects.toThrow("package.json does not hold a JSON object");
    project.remove("package.json");
    await expect(init()).rejects.toThrow("no package.json");
  });
});

describe("the command", () => {
  test("without a terminal it shows the diff, writes nothing and ends with 2", async () => {
    project = UserProject.fresh();
    const before = project.files();
    const { code, out, err } = await run(["init"], { cwd: project.directory });
    expect(code).toBe(2);
    expect(out).toContain("+++ convex/schema.ts");
    expect(err).toContain("--yes");
    expect(project.files()).toEqual(before);
  });

  test("--dry-run ends with 3 while something is to do; --yes writes it; then there is nothing to do", async () => {
    project = UserProject.fresh();
    const before = project.files();
    const dry = await run(["init", "--dry-run", "--json", "--cwd", project.directory]);
    expect(dry.code).toBe(3);
    expect(JSON.parse(dry.out)).toMatchObject({ functionsDir: "convex", written: false });
    expect(project.files()).toEqual(before);

    const json = await run(["init", "--yes", "--json", "--cwd", project.directory]);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toMatchObject({ written: true });
    const again = await run(["init"], { cwd: project.directory });
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(again.out).toContain("Nothing to write");
    expect((await run(["init", "--dry-run"], { cwd: project.directory })).code).toBe(0);
  });

  test("what is left to do by hand is said by the exit code, too", async () => {
    project = UserProject.fresh({ "eslint.config.cjs": "module.exports = [];\n" });
    const { code, out } = await run(["init", "--yes"], { cwd: project.directory });
    expect(code).toBe(3);
    expect(out).toContain("module.exports = (async () => [");
    expect(project.has("convex/imports.ts")).toBe(true);
  });
});

describe("--example", () => {
  test("writes a new app, and not into a folder that has files", async () => {
    project = UserProject.fresh();
    const { code, out } = await run(["init", "--example", "My App"], { cwd: project.directory });
    // This copy is not installed: npm finds no other one before the package is published.
    const packed = path.relative(
      path.join(project.directory, "My App"),
      fileURLToPath(new URL("../..", import.meta.url)),
    );
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`cd "My App" && npm install $(npm pack --silent ${packed})`),
    ]);
    const manifest = JSON.parse(project.read("My App/package.json")) as typeof MANIFEST;
    expect(manifest).toMatchObject({
      name: "my-app",
      dependencies: { "convex-streaming-import": expect.stringMatching(/^\^\d/) as string },
    });
    expect(project.has("My App/.gitignore")).toBe(true);
    const again = await run(["init", "--example", "My App"], { cwd: project.directory });
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("has files already")]);
    for (const folder of ["package.json", "package.json/app"]) {
      const { code, err } = await run(["init", "--example", folder], { cwd: project.directory });
      expect([code, err]).toEqual([2, expect.stringContaining(`${folder} cannot be made: `)]);
    }
  });
});
