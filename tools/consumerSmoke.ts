/**
 * Uses the package as somebody does who has read the quick start: packs it, installs the tarball in a fresh project,
 * writes the page's own code blocks there, pushes them with the project's Convex CLI, imports a row over HTTP and reads it
 * back. Then the project's compiler, linter and tests have their say; and a write to a mirror must not get past them.
 */
import { deepEqual } from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BESIDE_7 } from "../src/cli/project/typescript.js";
import { spawnLocalConvex, type SpawnedLocalConvex } from "./local-convex/spawn.js";
import { pack, ROOT, run } from "./package/commands.js";

/** The pages whose code a project consists of. */
const PAGES = ["docs/quickstart.md", "docs/testing.md"];

/** What the pages' code needs beside the package, in the versions that this repository is tested with. */
const TOOLS = [
  "convex",
  "convex-test",
  "vitest",
  "@edge-runtime/vm",
  "typescript",
  "eslint",
  "typescript-eslint",
];

/** Files of any Convex project, which the pages take for granted. */
const PROJECT: Record<string, string> = {
  "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }),
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      target: "ES2022",
      lib: ["ES2023", "DOM"],
      module: "ESNext",
      moduleResolution: "Bundler",
      noEmit: true,
      skipLibCheck: true,
      types: [],
    },
    include: ["convex"],
  }),
  "vitest.config.ts": `export default { test: { environment: "edge-runtime" } };\n`,
};

/** A mutation that writes a mirror; `builder` says where it imports `mutation` from. */
const trespass = (builder: string): string => `
import { mutation } from "${builder}";
export const add = mutation({
  args: {},
  handler: async (ctx) => {
    await ctx.db.insert("customers", { id: 9n, email: "eve@example.com", updated_at: 0 });
  },
});
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The pages' code blocks that name their file in the first line. */
function codeBlocks(pages: string): Map<string, string> {
  const blocks = pages.matchAll(/^```(?:ts|js)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, file, code]) => [file!, code!]));
}

/** The command of the quick start that makes a token, as its arguments. */
function createTokenCommand(pages: string): string[] {
  const [, args] = /^npx streaming-import (token create .+)$/m.exec(pages) ?? [];
  if (args === undefined) throw new Error("The quick start has no command that makes a token.");
  return args.split(" ");
}

class Consumer {
  constructor(
    readonly directory: string,
    readonly server: SpawnedLocalConvex,
  ) {}

  /** Runs a command of the project. */
  async npx(command: string, ...args: string[]): Promise<string> {
    return await run("npm", ["exec", "--no", "--", command, ...args], this.directory);
  }

  async convex(...args: string[]): Promise<string> {
    const { url, adminKey } = this.server;
    return await this.npx("convex", ...args, "--url", url, "--admin-key", adminKey);
  }

  async write(file: string, text: string): Promise<void> {
    const target = path.join(this.directory, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /** Runs a command that has to fail, and to say why. */
  async mustFail(reason: RegExp, command: string, ...args: string[]): Promise<void> {
    const output = await this.npx(command, ...args).then(
      () => null,
      (error: unknown) => String(error),
    );
    if (output === null) throw new Error(`${command} found nothing wrong with a write to a mirror.`);
    if (!reason.test(output))
      throw new Error(`${command} failed for another reason than a write to a mirror:\n${output}`);
  }
}

/** Returns the package, packed. */
async function install(consumer: Consumer, pages: string): Promise<string> {
  const { dependencies, devDependencies } = JSON.parse(
    await readFile(path.join(ROOT, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  const versions = { ...dependencies, ...devDependencies };
  for (const [file, text] of Object.entries(PROJECT)) await consumer.write(file, text);
  const tarball = await pack(consumer.directory);
  const tools = TOOLS.map((tool) => `${tool}@${versions[tool]!}`);
  await run(
    "npm",
    ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball, ...tools],
    consumer.directory,
  );
  const blocks = codeBlocks(pages);
  for (const file of [
    "convex/schema.ts",
    "convex/imports.ts",
    "convex/http.ts",
    "convex/customers.test.ts",
  ]) {
    if (!blocks.has(file)) throw new Error(`The pages have no code block for ${file}.`);
  }
  for (const [file, code] of blocks) await consumer.write(file, code);
  return tarball;
}

async function importAndRead(consumer: Consumer, pages: string): Promise<void> {
  const { url, adminKey } = consumer.server;
  const target = ["--url", url, "--admin-key", adminKey];
  const token = (await consumer.npx("streaming-import", ...createTokenCommand(pages), ...target)).trim();
  const response = await fetch(
    `${consumer.server.siteUrl}/airbyte/api/streaming_import/import_airbyte_records`,
    {
      method: "POST",
      headers: { Authorization: `Convex ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({
        tables: { public_customers: { primaryKey: [["id"]], jsonSchema: {} } },
        messages: [
          {
            tableName: "public_customers",
            data: { id: 7, email: "grace@example.com", updated_at: "2026-01-01" },
          },
        ],
      }),
    },
  );
  if (response.status !== 200) throw new Error(`The import was refused: ${await response.text()}`);
  const printed = await consumer.convex(
    "run",
    "customers:byEmail",
    JSON.stringify({ email: "grace@example.com" }),
  );
  const { email, updated_at, notes } = JSON.parse(printed) as Record<string, unknown>;
  // The schema declares updated_at as a number, so that the source's date has become one.
  deepEqual(
    { email, updated_at, notes },
    { email: "grace@example.com", updated_at: Date.UTC(2026, 0, 1), notes: [] },
  );
}

/** The command, as it comes with the package, brings the rows of a file. */
async function pushAndRead(consumer: Consumer): Promise<void> {
  const { url, siteUrl, adminKey } = consumer.server;
  await consumer.write("customers.csv", "id,email,name,updated_at\n8,barbara@example.com,,2026-01-02\n");
  // Where the command keeps how far it is.
  process.env.XDG_STATE_HOME = path.join(consumer.directory, "state");
  const where = ["--url", url, "--site-url", `${siteUrl}/airbyte`, "--admin-key", adminKey];
  await consumer.npx("streaming-import", "push", "customers.csv", "--mirror", "customers", ...where);
  const printed = await consumer.convex("run", "customers:byEmail", '{"email": "barbara@example.com"}');
  const { name, updated_at } = JSON.parse(printed) as Record<string, unknown>;
  deepEqual({ name, updated_at }, { name: undefined, updated_at: Date.UTC(2026, 0, 2) });
}

/**
 * Today's templates bring TypeScript 7. The package installs beside it, and the types refuse a write; the command, which
 * needs the compiler's API, says what to install beside it, and works then.
 */
async function tryTypescript7(consumer: Consumer, tarball: string): Promise<void> {
  const { devDependencies } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const other = new Consumer(path.join(consumer.directory, "typescript7"), consumer.server);
  await cp(path.join(consumer.directory, "convex"), path.join(other.directory, "convex"), {
    recursive: true,
  });
  await rm(path.join(other.directory, "convex/customers.test.ts"));
  for (const [file, text] of Object.entries(PROJECT)) await other.write(file, text);
  await run(
    "npm",
    [
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      tarball,
      `convex@${devDependencies["convex"]!}`,
      devDependencies["typescript-7"]!.replace(/^npm:/, ""),
    ],
    other.directory,
  );
  await other.mustFail(/trespass\.ts.*\n?.*customers.*mirror/i, "tsc");
  await other.mustFail(
    /does not have\. Install version 6 beside it/,
    "streaming-import",
    "guard",
    "--strict",
  );
  await run(
    "npm",
    ["install", "--save-dev", "--prefer-offline", "--no-audit", "--no-fund", ...BESIDE_7.split(" ")],
    other.directory,
  );
  await other.mustFail(/trespass\.ts/, "streaming-import", "guard", "--strict");
  await other.mustFail(/trespass\.ts.*\n?.*customers.*mirror/i, "tsc");
}

/** The app that `init --example` writes: installed, deployed, filled, compiled, linted and built. */
async function tryExample(consumer: Consumer): Promise<void> {
  // By the package's name, as without the package in the project.
  await consumer.npx("convex-streaming-import", "init", "--example", "app");
  const server = await spawnLocalConvex();
  try {
    const app = new Consumer(path.join(consumer.directory, "app"), server);
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], app.directory);
    await app.convex("deploy", "--yes");
    const { url, siteUrl, adminKey } = server;
    const where = ["--url", url, "--site-url", `${siteUrl}/airbyte`, "--admin-key", adminKey];
    await app.npx("streaming-import", "push", "customers.csv", "--mirror", "customers", ...where);
    const customers = JSON.parse(await app.convex("run", "customers:list")) as { name: string }[];
    deepEqual(customers.map(({ name }) => name)[0], "Ada Lovelace");
    await app.npx("eslint", ".");
    await app.npx("streaming-import", "guard", "--strict");
    await run("npm", ["run", "build"], app.directory);
  } finally {
    await server.close();
  }
}

const directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-consumer-"));
const server = await spawnLocalConvex();
try {
  const pages = await Promise.all(PAGES.map(async (page) => await readFile(path.join(ROOT, page), "utf8")));
  const text = pages.join("\n");
  const consumer = new Consumer(directory, server);
  say("Packing, and installing in a fresh project");
  const tarball = await install(consumer, text);
  say("Pushing");
  await consumer.convex("deploy", "--yes");
  say("Importing a row, and reading it");
  await importAndRead(consumer, text);
  say("Pushing a file, and reading its row");
  await pushAndRead(consumer);
  say("Compiling, linting and testing the project");
  await consumer.npx("tsc");
  await consumer.npx("eslint", ".");
  await consumer.npx("vitest", "run");
  say("Trying to write a mirror");
  await consumer.write("convex/trespass.ts", trespass("./functions"));
  await consumer.mustFail(/trespass\.ts.*\n?.*customers.*mirror/i, "tsc");
  await tryTypescript7(consumer, tarball);
  await consumer.write("convex/trespass.ts", trespass("./_generated/server"));
  await consumer.mustFail(/trespass\.ts[\s\S]*streaming-import\//, "eslint", ".");
  say("Trying the app that init --example writes");
  await tryExample(consumer);
  say("The package works as the quick start says.");
} finally {
  await server.close();
  await rm(directory, { recursive: true, force: true });
}
