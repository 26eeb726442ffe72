// @vitest-environment node
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Check, type CheckCode, CHECKS, findings } from "../../src/cli/doctor/check.js";
import { type DoctorOptions, examine } from "../../src/cli/doctor/run.js";
import { checkMirrorStates } from "../../src/cli/doctor/checks/mirrors.js";
import { checkOptions, prepare, write } from "../../src/cli/init/run.js";
import { checkConnectorTokens } from "../../src/cli/doctor/checks/tokens.js";
import type { MirrorStatus, TokenInfo } from "../../src/core/wire/views.js";
import { run } from "./support/command.js";
import { DeployedProject } from "./support/deployed.js";
import { MANIFEST, UserProject } from "./support/projects.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const SCHEMA = `import { defineSchema } from "convex/server";
import { v } from "convex/values";
import { mirrorTable } from "convex-streaming-import/schema";

export default defineSchema({
  customers: mirrorTable(
    { id: v.int64(), balance: v.optional(v.number()) },
    { primaryKey: ["id"], source: "public.customers" },
  ),
  orders: mirrorTable({ id: v.int64() }, { primaryKey: ["id"], source: "public.orders" }),
});
`;

/** A project that init has set up. */
async function healthy(): Promise<UserProject> {
  const project = UserProject.fresh({ "convex/schema.ts": SCHEMA });
  const { project: read, steps } = await prepare(
    project.directory,
    checkOptions({ pathPrefix: "/airbyte", source: "customers" }),
  );
  write(read, steps);
  return project;
}

let project: UserProject;

/** What the doctor finds, without what is well. The caller's own shell is kept out. */
async function examined(options: DoctorOptions = {}): Promise<Check[]> {
  return findings(await examine({ cwd: project.directory, env: {} }, options));
}

function replace(file: string, what: string | RegExp, by: string): void {
  const before = project.read(file);
  const after = before.replace(what, by);
  expect(after).not.toBe(before);
  project.write(file, after);
}

/** Puts a package of another version in the place of the real one, whose files it has. */
function fake(name: string, version: string): string {
  const directory = path.join(project.directory, "node_modules", name);
  const real = name === "convex-streaming-import" ? ROOT : path.join(ROOT, "node_modules", name);
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  for (const file of readdirSync(real)) {
    if (file !== "package.json" && file !== "node_modules" && !file.startsWith("."))
      symlinkSync(path.join(real, file), path.join(directory, file));
  }
  const manifest = JSON.parse(readFileSync(path.join(real, "package.json"), "utf8")) as object;
  project.write(`node_modules/${name}/package.json`, JSON.stringify({ ...manifest, version }));
  return directory;
}

describe("a project's files", () => {
  beforeEach(async () => {
    project = await healthy();
  });
  afterEach(() => {
    project.close();
  });

  test("a healthy project has no finding", async () => {
    expect(await examined({ offline: true })).toEqual([]);
  });

  const EVERY: [CheckCode, Check["level"], string, () => void][] = [
    [
      "package-installed",
      "error",
      "npm i convex-streaming-import",
      () => {
        project.write(
          "package.json",
          JSON.stringify({
            ...MANIFEST,
            dependencies: {},
            scripts: { lint: "eslint .", guard: "streaming-import guard" },
          }),
        );
      },
    ],
    [
      "convex-version",
      "error",
      "npm i convex@latest",
      () => {
        fake("convex-streaming-import", "0.1.0");
        fake("convex", "1.42.9");
        symlinkSync(
          path.join(ROOT, "node_modules/esbuild"),
          path.join(project.directory, "node_modules/esbuild"),
        );
      },
    ],
    [
      "functions-typechecked",
      "error",
      "streaming-import init",
      () => {
        project.remove("convex/tsconfig.json");
      },
    ],
    [
      "typescript-version",
      "error",
      "typescript@npm:@typescript/typescript6@6",
      () => {
        fake("typescript", "7.0.2");
      },
    ],
    [
      "eslint-version",
      "error",
      "npm i -D typescript-eslint",
      () => {
        project.remove("node_modules/typescript-eslint");
      },
    ],
    [
      "single-convex",
      "error",
      "dedupe",
      () => {
        const directory = fake("convex-streaming-import", "0.1.0");
        mkdirSync(path.join(directory, "node_modules/convex"), { recursive: true });
        project.write(
          "node_modules/convex-streaming-import/node_modules/convex/package.json",
          '{"version":"1.43.0"}',
        );
      },
    ],
    ["typescript-version", "warning", "typescript@6", () => fake("typescript", "5.4.5")],
    ["eslint-version", "error", "eslint@latest", () => fake("eslint", "8.57.0")],
    [
      "component-mounted",
      "error",
      "init",
      () => {
        replace("convex/convex.config.ts", "app.use(streamingImport);\n", "");
      },
    ],
    [
      "mirrors-declared",
      "error",
      "mirrorTable",
      () => {
        project.write(
          "convex/schema.ts",
          'import { defineSchema } from "convex/server";\nexport default defineSchema({});\n',
        );
      },
    ],
    [
      "mirrors-declared",
      "error",
      "Fix",
      () => {
        replace("convex/schema.ts", 'source: "public.orders"', 'source: "public.customers"');
      },
    ],
    [
      "importer-exported",
      "error",
      "convex/imports.ts",
      () => {
        replace("convex/imports.ts", "write, ", "");
      },
    ],
    [
      "importer-exported",
      "error",
      "export const { read, write, rows,",
      () => {
        replace("convex/schema.ts", 'source: "public.orders"', 'source: "public.orders", export: true');
      },
    ],
    [
      "importer-exported",
      "error",
      "Replace its export of internalFunctions() with: export const { read, write,",
      () => {
        replace("convex/imports.ts", "read, write", "apply, page, status");
      },
    ],
    [
      "importer-exported",
      "error",
      '{ module: "mirrors" }',
      () => {
        project.write("convex/mirrors.ts", project.read("convex/imports.ts"));
        project.remove("convex/imports.ts");
        replace("convex/http.ts", "./imports", "./mirrors");
      },
    ],
    [
      "importer-exported",
      "error",
      "init",
      () => {
        project.remove("convex/imports.ts");
      },
    ],
    [
      "routes-registered",
      "error",
      "registerRoutes(http)",
      () => {
        replace("convex/http.ts", /streamingImport\.registerRoutes.*\n/, "");
      },
    ],
    [
      "builders-guarded",
      "error",
      "init",
      () => {
        project.remove("convex/functions.ts");
      },
    ],
    [
      "builders-used",
      "warning",
      "convex/functions.ts",
      () => {
        project.write(
          "convex/notes.ts",
          'import { mutation } from "./_generated/server";\nexport const add = mutation(async () => {});\n',
        );
      },
    ],
    [
      "eslint-plugin",
      "warning",
      "init",
      () => {
        project.write("eslint.config.js", "export default [];\n");
      },
    ],
    [
      "eslint-script",
      "warning",
      '"lint": "oxlint && eslint convex"',
      () => {
        replace("package.json", '"eslint ."', '"oxlint"');
      },
    ],
    [
      "eslint-script",
      "warning",
      'Add to the scripts in package.json: "lint": "eslint convex"',
      () => {
        replace("package.json", /"lint": "eslint \.",?/, "");
      },
    ],
    [
      "helpers-linted",
      "warning",
      'functionsDir: ["shared"], settings: { schema: "convex/schema.ts" }',
      () => {
        project.write("shared/names.ts", "export const NAMES = [];\n");
        project.write(
          "shared/save.ts",
          'import { NAMES } from "./names";\nexport const save = (ctx: any) => ctx.db.insert("customers", NAMES);\n',
        );
        project.write("convex/notes.ts", 'export { save } from "../shared/save";\n');
      },
    ],
    [
      "guard-gate",
      "warning",
      "convex deploy",
      () => {
        project.write("package.json", JSON.stringify(MANIFEST));
      },
    ],
  ];

  test.each(EVERY)(
    "%s, %s: is found, with its fix, and nothing else is",
    async (code, level, fix, damage) => {
      damage();
      const found = await examined({ offline: true });
      expect(found.map((check) => [check.code, check.level])).toEqual([[code, level]]);
      expect(found[0]!.fix).toContain(fix);
    },
  );

  test.each(["eslint_d convex", "npm run types && eslint .", "next lint", "oxlint && npx eslint convex"])(
    "the script %j runs ESLint",
    async (script) => {
      replace("package.json", '"eslint ."', JSON.stringify(script));
      expect(await examined({ offline: true })).toEqual([]);
    },
  );

  test("a helper outside of the functions that a preset matches is well", async () => {
    project.write("shared/save.ts", "export const save = (ctx: any) => ctx.db;\n");
    project.write("convex/notes.ts", 'export { save } from "../shared/save";\n');
    const preset = 'streamingImport.createConfigs({ functionsDir: "shared" }).recommended';
    replace("eslint.config.js", /\];\s*$/, `  ...${preset},\n];\n`);
    expect(await examined({ offline: true })).toEqual([]);
  });

  test("what init has mended is well", async () => {
    project.remove("convex/functions.ts");
    project.remove("convex/http.ts");
    replace("convex/imports.ts", "write, ", "");
    const { project: read, steps } = await prepare(
      project.directory,
      checkOptions({ pathPrefix: "/", source: "a" }),
    );
    write(read, steps);
    expect(await examined({ offline: true })).toEqual([]);
  });

  test("without a deployment that is said, and that alone", async () => {
    expect((await examined()).map(({ code }) => code)).toEqual(["deployment-configured"]);
  });
});

describe("a deployment", () => {
  let deployed: DeployedProject;

  beforeAll(async () => {
    project = await healthy();
    deployed = await DeployedProject.start(project);
    await deployed.run("createToken", { name: "airbyte", mirrors: ["customers", "orders"] });
  });
  afterAll(async () => {
    await deployed.close();
  });
  afterEach(() => {
    deployed.configure();
    project.write("convex/schema.ts", SCHEMA);
  });

  async function codes(options: DoctorOptions = {}): Promise<string[]> {
    return (await examined(options)).map(({ code, level }) => `${level} ${code}`);
  }

  test("that is healthy has no finding, every check has looked, and no token is left over", async () => {
    const token = (await deployed.run("createToken", { name: "shell", mirrors: ["*"] })) as string;
    deployed.configure({ STREAMING_IMPORT_TOKEN: token });
    const checks = await examine({ cwd: project.directory, env: {} }, {});
    expect(findings(checks)).toEqual([]);
    expect([...new Set(checks.map(({ code }) => code))].toSorted()).toEqual(CHECKS.toSorted());
    const tokens = (await deployed.run("listTokens")) as { name: string; endReason: string | null }[];
    expect(
      tokens
        .filter(({ endReason }) => endReason === null)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["airbyte", "shell"]);
    await deployed.run("revokeToken", { name: "shell" });
  });

  test("that does not answer", async () => {
    deployed.configure({ CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:1" });
    expect(await codes()).toEqual(["error deployment-reachable"]);
    // The port of HTTP actions answers /version too, but it is not the API.
    deployed.configure({ CONVEX_SELF_HOSTED_URL: deployed.server.siteUrl });
    expect(await codes()).toEqual(["error functions-deployed"]);
  });

  test("whose functions are not there, or not for this key", async () => {
    deployed.configure({ STREAMING_IMPORT_MODULE: "nowhere" });
    expect(await codes()).toEqual(["error functions-deployed"]);
    deployed.configure({ CONVEX_SELF_HOSTED_ADMIN_KEY: "wrong" });
    const [finding, ...more] = await examined();
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ code: "functions-deployed", level: "error" });
    expect(finding!.fix).toContain("CONVEX_SELF_HOSTED_ADMIN_KEY");
  });

  test("whose routes are elsewhere", async () => {
    deployed.configure({ CONVEX_SITE_URL: `${deployed.server.siteUrl}/elsewhere` });
    const found = await examined();
    expect(found.map(({ code }) => code)).toEqual(["routes-reachable"]);
    expect(found[0]!.fix).toContain("/airbyte");
    deployed.configure({ CONVEX_SITE_URL: "http://127.0.0.1:1" });
    expect(await codes()).toEqual(["error routes-reachable"]);
    deployed.configure({ CONVEX_SITE_URL: `${deployed.server.siteUrl}/airbyte` });
    expect(await codes()).toEqual([]);
  });

  test("whose clock is another", async () => {
    expect(await codes({ now: () => Date.now() + 10 * 60_000 })).toEqual(["warning clock"]);
    expect(await codes({ now: () => Date.now() - 10 * 60_000 })).toEqual(["warning clock"]);
  });

  test.each([
    [
      "a field",
      /balance: v.optional\(v.number\(\)\)/,
      "balance: v.optional(v.string())",
      ["fields (balance)"],
    ],
    ["the source", "public.orders", "sales.orders", ["source"]],
    [
      "a new mirror",
      "  orders:",
      '  extra: mirrorTable({ id: v.string() }, { primaryKey: ["id"] }),\n  orders:',
      ['"extra"', "not deployed"],
    ],
    ["a mirror less", / +orders: .*\n/, "", ['"orders"', "not in schema.ts"]],
  ])("whose schema is not that of schema.ts: %s", async (_, what, by, words) => {
    replace("convex/schema.ts", what, by);
    const found = await examined();
    expect(found.map(({ code, level }) => `${level} ${code}`)).toEqual(["error schema-deployed"]);
    for (const word of words) expect(found[0]!.message).toContain(word);
    expect(found[0]!.fix).toContain("convex deploy");
  });

  test("with a paused mirror", async () => {
    await deployed.run("pause", { mirror: "orders" });
    const found = await examined();
    expect(found.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning mirrors-fresh"]);
    expect(found[0]!.fix).toContain("resume orders");
    await deployed.run("resume", { mirror: "orders" });
  });

  test("with rows in quarantine", async () => {
    const token = (await deployed.run("createToken", { name: "q", mirrors: ["*"] })) as string;
    expect(await deployed.send(token, "public_customers", [{ id: 1, balance: "a lot" }])).toBe(200);
    const found = await examined();
    expect(found.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning quarantine-empty"]);
    expect(found[0]!.fix).toContain("quarantine list customers");
    await deployed.run("discardQuarantine", { mirror: "customers" });
    await deployed.run("revokeToken", { name: "q" });
  });

  test("with tokens that are not as they should be", async () => {
    deployed.configure({ STREAMING_IMPORT_TOKEN: "csi_unknown" });
    expect(await codes()).toEqual(["error token-valid"]);

    const some = (await deployed.run("createToken", {
      name: "some",
      mirrors: ["customers"],
    })) as string;
    deployed.configure({ STREAMING_IMPORT_TOKEN: some });
    const scope = await examined();
    expect(scope.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning token-scope"]);
    expect(scope[0]!.message).toContain('"orders"');

    const reader = (await deployed.run("createToken", {
      name: "r",
      mirrors: ["*"],
      access: "read",
    })) as string;
    deployed.configure({ STREAMING_IMPORT_TOKEN: reader });
    const reading = await examined();
    expect(reading.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning token-scope"]);
    expect(reading[0]!.message).toContain("may only read");

    deployed.configure();
    await deployed.run("revokeToken", { name: "airbyte" });
    const closed = await examined();
    expect(closed.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning connector-tokens"]);
    expect(closed[0]!.message).toContain('"orders"');
    await deployed.run("createToken", { name: "again", mirrors: ["orders"] });
    expect(await codes()).toEqual([]);
  });

  test("to which a stream comes that has no mirror", async () => {
    const token = (await deployed.run("createToken", { name: "u", mirrors: ["*"] })) as string;
    expect(await deployed.send(token, "public_invoices", [{ id: 1 }])).toBe(400);
    const found = await examined();
    expect(found.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning streams-known"]);
    expect(found[0]!.message).toContain("public_invoices");
    expect(found[0]!.fix).toContain("mirrorTable(");
  });

  test("the command prints the same, never a token, and ends with 1 on an error", async () => {
    const cwd = project.directory;
    const well = await run(["doctor", "--json"], { cwd });
    expect(well).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(well.out)).toMatchObject({ ok: true });
    const token = (await deployed.run("createToken", { name: "p", mirrors: ["*"] })) as string;
    project.remove("convex/functions.ts");
    const ill = await run(["doctor", "--cwd", cwd], { env: { STREAMING_IMPORT_TOKEN: token } });
    expect(ill.code).toBe(1);
    expect(ill.out).toContain("(builders-guarded)");
    expect(ill.out).toContain("1 error, 1 warning");
    expect(ill.out + ill.err + well.out).not.toMatch(/csi_[0-9a-f]/);
    expect((await run(["doctor", "--offline"], { cwd })).code).toBe(1);
    expect((await run(["doctor"], { cwd: path.join(cwd, "node_modules") })).code).toBe(2);
  });
});

test.each([
  ["failed", "error", "runs orders"],
  ["stale", "error", "expectEvery"],
  ["late", "warning", "expectEvery"],
])("a mirror that is %s is a finding", (state, level, fix) => {
  const mirror = { name: "orders", state, reason: "because", quarantined: 0 } as MirrorStatus;
  const found = findings(checkMirrorStates([mirror, { ...mirror, state: "upToDate" }], "npx"));
  expect(found).toMatchObject([{ code: "mirrors-fresh", level }]);
  expect(found[0]!.message).toContain("because");
  expect(found[0]!.fix).toContain(fix);
});

describe("connector-tokens", () => {
  const NOW = Date.parse("2026-01-31T08:00:00.000Z");
  const past = "2026-01-31T07:00:00.000Z";
  const token = (name: string, mirrors: string[], endsAt: string | null = null): TokenInfo => ({
    ...{ name, startsWith: "csi_000000", mirrors, access: "write", signed: false, createdAt: past },
    ...{ lastUsedAt: past, endsAt, endReason: endsAt === null ? null : "revoked" },
  });
  const filled = { name: "orders", lastAppliedAt: past };
  const empty = { name: "orders", lastAppliedAt: null };

  test.each<[string, TokenInfo[], typeof filled | typeof empty, string | null]>([
    ["a token that is in use", [token("airbyte", ["orders"])], empty, null],
    ["one for all mirrors", [token("airbyte", ["*"])], filled, null],
    ["rows that push has brought", [token("cli-0123456789ab", ["orders"], past)], filled, null],
    ["rows that push has brought long ago", [], filled, null],
    ["no rows and no token", [], empty, "streaming-import push <file> --mirror orders"],
    ["a push without a row", [token("cli-0123456789ab", ["orders"], past)], empty, "push <file>"],
    ["a connector's token that is revoked", [token("airbyte", ["orders"], past)], filled, "token create"],
    ["a revoked one for all mirrors", [token("airbyte", ["*"], past)], empty, "token create"],
  ])("%s", (_, tokens, mirror, fix) => {
    const found = findings(checkConnectorTokens(tokens, [mirror], NOW, "npx"));
    if (fix === null) expect(found).toEqual([]);
    else expect(found).toMatchObject([{ level: "warning", fix: expect.stringContaining(fix) as string }]);
  });
});

test("docs/cli.md has a row for every check, in their order", () => {
  const rows = [
    ...readFileSync(path.join(ROOT, "docs/cli.md"), "utf8").matchAll(/^\| `([a-z]+-[a-z-]+|clock)` +\|/gm),
  ];
  expect(rows.map(([, code]) => code)).toEqual(CHECKS);
});
