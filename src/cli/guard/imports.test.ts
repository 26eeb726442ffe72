// @vitest-environment node
import { describe, expect, it } from "vitest";
import { appsOnDisk, check, configWith, messageIds } from "../../../test/guard/appsOnDisk.js";
import { disagreements } from "../../../test/guard/frontEnds.js";

const { app, apps } = appsOnDisk();

/** A package whose code writes a mirror, and whose types say no more than that it is given the writer. */
const TIDY = {
  "index.js": `const [db, add, table] = "db,insert,customers".split(",");
export const tidy = async (ctx) => { const store = ctx[db]; const write = store[add]; await write(table, { id: 9n }); };`,
  "index.d.ts": `import type { GenericDataModel, GenericMutationCtx } from "convex/server";
export declare const tidy: <D extends GenericDataModel>(ctx: GenericMutationCtx<D>) => Promise<void>;`,
};
const callOf = (name: string): string => `import { mutation } from "./_generated/server.js";
import { tidy } from "${name}";
export const call = mutation({ args: {}, handler: async (ctx) => { await tidy(ctx); } });`;

function packageAt(
  directory: string,
  name: string,
  more: Record<string, string> = TIDY,
): Record<string, string> {
  const manifest = JSON.stringify({ name, type: "module", main: "./index.js", types: "./index.d.ts" });
  const files = Object.entries({ "package.json": manifest, ...more });
  return Object.fromEntries(files.map(([file, text]) => [`${directory}/${file}`, text]));
}

const keepingLinks = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  "convex/tsconfig.json": configWith({ preserveSymlinks: true }),
});

describe("a package is the one that its place says", () => {
  const PNPM = "node_modules/.pnpm/@convex-dev+tidy@1.0.0/node_modules/@convex-dev/tidy";
  const YARN = "node_modules/.store/@convex-dev-tidy-npm-1.0.0-4f8c1b/package";
  const EVIL = "node_modules/.store/evil-npm-1.0.0-4f8c1b/package";
  const name = "@convex-dev/tidy";
  const link = `node_modules/${name}`;

  it.each<[string, string, Record<string, string>, Record<string, string>?]>([
    ["a package that calls itself a trusted one", "evil", packageAt("node_modules/evil", name)],
    [
      "a package whose build calls itself a trusted one",
      "evil",
      {
        "node_modules/evil/package.json":
          '{ "name": "evil", "exports": { ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" } } }',
        ...packageAt("node_modules/evil/dist", name),
      },
    ],
    ["another package in the folder of a trusted one", name, packageAt(link, "evil")],
    ["a trusted package in the folder of another", name, packageAt(link, "convex-helpers")],
    [
      "a package that another one brings along",
      "evil",
      {
        ...packageAt("node_modules/evil", "evil", {
          "index.js": `export * from "${name}";`,
          "index.d.ts": `export * from "${name}";`,
        }),
        ...packageAt(`node_modules/evil/${link}`, name),
      },
    ],
    [
      "types that another package brings along",
      "evil",
      {
        ...packageAt("node_modules/evil", "evil", { "index.js": "", "index.d.ts": 'export * from "inner";' }),
        ...packageAt("node_modules/evil/node_modules/@types/inner", "@types/inner"),
      },
    ],
    [
      "a package with types of another one",
      "evil",
      {
        ...packageAt("node_modules/evil", "evil", { "index.js": TIDY["index.js"] }),
        ...packageAt("node_modules/@types/evil", "@types/evil"),
      },
    ],
    [
      "types of a trusted package that come from another one",
      "convex-helpers",
      {
        ...packageAt("node_modules/convex-helpers", "convex-helpers", { "index.js": TIDY["index.js"] }),
        ...packageAt("node_modules/@types/convex-helpers", "@types/convex-helpers"),
      },
    ],
    ["a package of the workspace", name, packageAt("packages/tidy", name), { [link]: "packages/tidy" }],
    [
      "a package of the workspace, with links kept",
      name,
      keepingLinks(packageAt("packages/tidy", name)),
      { [link]: "packages/tidy" },
    ],
    [
      "a package in the store of Yarn that calls itself a trusted one",
      "evil",
      packageAt(EVIL, name),
      { "node_modules/evil": EVIL },
    ],
  ])("does not trust %s", async (_name, specifier, files, links) => {
    const { exitCode, report } = await check(app({ ...files, "convex/a.ts": callOf(specifier) }, links));
    expect([report.problems, report.typeErrors]).toEqual([[], []]);
    expect(messageIds(report)).toEqual(["untrustedPackage"]);
    expect(exitCode).toBe(1);
  });

  it("hands no part of ctx to a package that is not trusted", async () => {
    const files = packageAt("node_modules/evil", "evil", {
      "index.js": TIDY["index.js"],
      "index.d.ts": `import type { Auth } from "convex/server";
export declare const tidy: (ctx: { auth: Auth }) => Promise<void>;`,
    });
    const read = `import { query } from "./_generated/server.js";
import { tidy } from "evil";
export const read = query({ args: {}, handler: async (ctx) => { await tidy(ctx); } });`;
    const help = `import type { Auth } from "convex/server";
import { mutation } from "./_generated/server.js";
import { tidy } from "evil";
const help = async (ctx: { auth: Auth }) => { await tidy(ctx); };
export const call = mutation({ args: {}, handler: async (ctx) => { await help(ctx); } });`;
    const { report } = await check(app({ ...files, "convex/read.ts": read, "convex/help.ts": help }));
    expect(report.findings.map(({ file, messageId }) => [file, messageId])).toEqual([
      ["convex/help.ts", "untrustedPackage"],
    ]);
  });

  it("does not take another package for this one", async () => {
    const files = packageAt("node_modules/evil", "convex-streaming-import");
    const { report } = await check(app({ ...files, "convex/a.ts": callOf("evil") }));
    expect(messageIds(report)).toEqual(["untrustedPackage"]);
  });

  it.each<[string, Record<string, string>, Record<string, string>?]>([
    ["in node_modules", packageAt(link, name)],
    ["in the store of pnpm", packageAt(PNPM, name), { [link]: PNPM }],
    ["in the store of pnpm, with links kept", keepingLinks(packageAt(PNPM, name)), { [link]: PNPM }],
    ["in the store of Yarn", packageAt(YARN, name), { [link]: YARN }],
    [
      "that gives out what another one in it declares",
      {
        ...packageAt(link, name, {
          "index.js": 'export * from "convex-helpers";',
          "index.d.ts": 'export * from "convex-helpers";',
        }),
        ...packageAt(`${link}/node_modules/convex-helpers`, "convex-helpers"),
      },
    ],
  ])("trusts a package %s", async (_name, files, links) => {
    const { exitCode, report } = await check(app({ ...files, "convex/a.ts": callOf(name) }, links));
    expect([report.findings, report.typeErrors, exitCode]).toEqual([[], [], 0]);
    expect(report.trusted.packages).toEqual([
      expect.stringMatching(/^(?:@convex-dev\/tidy|convex-helpers)$/),
    ]);
  });

  it("trusts a package of the workspace that the option names", async () => {
    const files = {
      ...packageAt("packages/tidy", "@acme/tidy"),
      "convex/a.ts": callOf("@acme/tidy"),
      "streaming-import.guard.json":
        '{ "trusted": [{ "from": "package", "package": "@acme/tidy", "name": "*" }] }',
    };
    const { exitCode } = await check(app(files, { "node_modules/@acme/tidy": "packages/tidy" }));
    expect(exitCode).toBe(0);
  });
});

describe("the types of an import are those of the code that is bundled", () => {
  const OK = `import type { Auth } from "convex/server";
export declare const tidy: (ctx: { auth: Auth }) => Promise<void>;`;
  const SOURCE = `import type { Auth } from "convex/server";
export const tidy = async (ctx: { auth: Auth }) => { await ctx.auth.getUserIdentity(); };`;
  const JS = TIDY["index.js"];
  const TEXT = {
    "index.js": "export const tidy = String;",
    "index.d.ts": "export declare const tidy: (text: unknown) => string;",
  };
  const trim = (name: string): string => `import { tidy } from "${name}";\nexport const text = tidy(1);`;
  const imports = (target: object | string): string =>
    JSON.stringify({ name: "an-app", type: "module", imports: { "#tidy": target } });

  it.each<[string, string, Record<string, string>]>([
    [
      "a condition of the app's own",
      "#tidy",
      {
        "package.json": imports({ checked: "./lib/ok.ts", default: "./lib/tidy.js" }),
        "convex/tsconfig.json": configWith({ customConditions: ["checked"] }),
        "lib/ok.ts": SOURCE,
        "lib/tidy.js": JS,
      },
    ],
    [
      "types of an import",
      "#tidy",
      {
        "package.json": imports({ types: "./lib/ok.d.ts", default: "./lib/tidy.js" }),
        "lib/ok.d.ts": OK,
        "lib/tidy.js": JS,
      },
    ],
    [
      "types of a folder",
      "../lib",
      {
        "lib/package.json": '{ "main": "./tidy.js", "types": "./ok.d.ts" }',
        "lib/ok.d.ts": OK,
        "lib/tidy.js": JS,
      },
    ],
    [
      "types that the app gives out to itself",
      "an-app/tidy",
      {
        "package.json":
          '{ "name": "an-app", "type": "module", "exports": { "./tidy": { "types": "./lib/ok.d.ts", "default": "./lib/tidy.js" } } }',
        "lib/ok.d.ts": OK,
        "lib/tidy.js": JS,
      },
    ],
    [
      "a target of `paths` that has no code",
      "@lib/tidy",
      {
        "convex/tsconfig.json": configWith({ paths: { "@lib/*": ["../types/*", "../lib/*"] } }),
        "types/tidy.d.ts": OK,
        "lib/tidy.js": JS,
      },
    ],
    [
      "a module that the app declares",
      "#tidy",
      {
        "package.json": imports("./lib/tidy.js"),
        "lib/tidy.js": JS,
        "convex/shims.d.ts": `declare module "#tidy" { ${OK.replace("declare ", "")} }`,
      },
    ],
    [
      "a pattern that the app declares",
      "../lib/tidy.js?safe",
      { "lib/tidy.js": JS, "convex/shims.d.ts": `declare module "*?safe" { ${OK.replace("declare ", "")} }` },
    ],
    [
      "a declaration file beside JavaScript that gets ctx",
      "../lib/tidy.js",
      { "lib/tidy.js": JS, "lib/tidy.d.ts": OK },
    ],
    [
      "a trusted package that the app replaces",
      "convex-helpers",
      {
        "package.json":
          '{ "name": "an-app", "type": "module", "browser": { "convex-helpers": "./lib/tidy.js" } }',
        "lib/tidy.js": JS,
        "convex/b.ts": 'import { nullThrows } from "convex-helpers"; export const one = nullThrows(1);',
      },
    ],
  ])("reports an import that is typed by %s", async (_name, specifier, files) => {
    const code = files["convex/b.ts"] ?? callOf(specifier);
    const { exitCode, report } = await check(app({ ...files, "convex/a.ts": code }));
    expect([report.problems, report.typeErrors]).toEqual([[], []]);
    expect(new Set(messageIds(report))).toEqual(new Set(["otherModule"]));
    expect(exitCode).toBe(1);
  });

  it.each<[string, string, Record<string, string>, Record<string, string>?]>([
    [
      "the only target of an import",
      callOf("#tidy"),
      { "package.json": imports({ default: "./lib/ok.ts" }), "lib/ok.ts": SOURCE },
    ],
    [
      "types and code of an import in one file",
      callOf("#tidy"),
      { "package.json": imports({ types: "./lib/ok.ts", default: "./lib/ok.js" }), "lib/ok.ts": SOURCE },
    ],
    [
      "the one target of `paths` that is there",
      callOf("@lib/ok"),
      {
        "convex/tsconfig.json": configWith({ paths: { "@lib/*": ["../generated/*", "../lib/*"] } }),
        "lib/ok.ts": SOURCE,
      },
    ],
    [
      "a package of the workspace and its types in folders of a build",
      trim("@acme/tidy"),
      {
        "packages/tidy/package.json":
          '{ "name": "@acme/tidy", "exports": { ".": { "types": "./dist/types/index.d.ts", "import": "./dist/esm/index.js" } } }',
        "packages/tidy/dist/types/index.d.ts": TEXT["index.d.ts"],
        "packages/tidy/dist/esm/index.js": TEXT["index.js"],
      },
      { "node_modules/@acme/tidy": "packages/tidy" },
    ],
    [
      "a declaration file beside JavaScript that gets no ctx",
      trim("../lib/tidy.js"),
      { "lib/tidy.js": TEXT["index.js"], "lib/tidy.d.ts": TEXT["index.d.ts"] },
    ],
    ["an installed package that has types", trim("tidy"), packageAt("node_modules/tidy", "tidy", TEXT)],
    [
      "an installed package whose types the app declares",
      trim("tidy"),
      {
        "node_modules/tidy/package.json": '{ "name": "tidy", "type": "module", "main": "./index.js" }',
        "node_modules/tidy/index.js": TEXT["index.js"],
        "convex/shims.d.ts": `declare module "tidy" { ${TEXT["index.d.ts"].replace("declare ", "")} }`,
      },
    ],
  ])("lets %s pass", async (_name, code, files, links) => {
    const { exitCode, report } = await check(app({ ...files, "convex/a.ts": code }, links));
    expect([report.findings, report.typeErrors, exitCode]).toEqual([[], [], 0]);
  });

  it("lets code pass that somebody has reviewed", async () => {
    const files = {
      "lib/tidy.js": JS,
      "lib/tidy.d.ts": OK,
      "convex/a.ts": callOf("../lib/tidy.js"),
      "streaming-import.guard.json":
        '{ "trusted": [{ "from": "file", "path": "lib/tidy.d.ts", "name": "tidy" }] }',
    };
    expect((await check(app(files))).exitCode).toBe(0);
  });
});

it("ESLint finds in every app above what the command finds", () => {
  expect(apps.length).toBeGreaterThan(30);
  expect(apps.flatMap((cwd) => disagreements(cwd) ?? [])).toEqual([]);
}, 120_000);
