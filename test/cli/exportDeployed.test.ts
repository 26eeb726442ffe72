// @vitest-environment node
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { run } from "./support/command.js";
import { DeployedProject } from "./support/deployed.js";
import { UserProject } from "./support/projects.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

/** An app that exports a table of its own, written by guarded mutations, on the local server. */
const FILES = {
  "convex/convex.config.ts": `import { defineApp } from "convex/server";
import streamingImport from "convex-streaming-import/convex.config";
const app = defineApp();
app.use(streamingImport);
export default app;`,
  "convex/schema.ts": `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { exportTable } from "convex-streaming-import/schema";
export default defineSchema({
  orders: exportTable(
    defineTable({ n: v.int64(), text: v.string(), secret: v.string() }).index("by_n", ["n"]),
    { exclude: ["secret"] },
  ),
});`,
  "convex/imports.ts": `import { StreamingImport } from "convex-streaming-import";
import { components } from "./_generated/api.js";
import schema from "./schema.js";
export const streamingImport = new StreamingImport(components.streamingImport, schema);
export const { read, write, rows, declare, replayQuarantine } = streamingImport.internalFunctions();`,
  "convex/http.ts": `import { httpRouter } from "convex/server";
import { streamingImport } from "./imports.js";
const http = httpRouter();
streamingImport.registerRoutes(http);
export default http;`,
  "convex/functions.ts": `import { guard } from "convex-streaming-import/guard";
import { components } from "./_generated/api.js";
import { mutation as rawMutation } from "./_generated/server.js";
import schema from "./schema.js";
export const { mutation } = guard(schema, { mutation: rawMutation }, components.streamingImport);`,
  "convex/orders.ts": `import { components } from "./_generated/api.js";
import { mutation as rawMutation } from "./_generated/server.js";
import { mutation } from "./functions.js";
const order = (ctx, n) => ctx.db.query("orders").withIndex("by_n", (q) => q.eq("n", BigInt(n))).unique();
export const add = mutation(async (ctx, { from, to }) => {
  for (let n = from; n < to; n++) await ctx.db.insert("orders", { n: BigInt(n), text: "new", secret: "hidden" });
});
export const change = mutation(async (ctx, { n, text }) => {
  await ctx.db.patch("orders", (await order(ctx, n))._id, { text });
});
export const remove = mutation(async (ctx, { n }) => {
  await ctx.db.delete("orders", (await order(ctx, n))._id);
});
export const past = rawMutation(async (ctx, { n, text }) => {
  const found = await order(ctx, n);
  if (text === null) await ctx.db.delete("orders", found._id);
  else await ctx.db.patch("orders", found._id, { text });
});
export const token = rawMutation(async (ctx) =>
  await ctx.runMutation(components.streamingImport.tokens.create, { name: "files", mirrors: ["orders"], access: "export" }));
export const walk = rawMutation(async (ctx) => await ctx.runMutation(components.streamingImport.reconcile.start, {}));
`,
};

let deployed: DeployedProject;
let token: string;

beforeAll(async () => {
  deployed = await DeployedProject.start(UserProject.fresh(FILES));
  await deployed.run("imports:declare");
  token = (await deployed.run("orders:token")) as string;
});
afterAll(async () => {
  await deployed.close();
});

/** Exports, and returns the table as the files have it: texts by number. */
async function exported(): Promise<Record<string, string>> {
  const { directory: cwd } = deployed.project;
  const { code, err } = await run(["export", "--tables", "orders", "--out", "out", "--token", token], {
    cwd,
  });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const folder = path.join(cwd, "out/orders");
  const rows = new Map<string, { n: number; text: string }>();
  for (const file of readdirSync(folder).sort()) {
    const content = readFileSync(path.join(folder, file), "utf8");
    expect(content).not.toContain("hidden");
    for (const line of content.trimEnd().split("\n")) {
      const row = JSON.parse(line) as { _id: string; _deleted: boolean; n: number; text: string };
      if (row._deleted) rows.delete(row._id);
      else rows.set(row._id, row);
    }
  }
  return Object.fromEntries([...rows.values()].map(({ n, text }) => [n, text]));
}

test("export writes what guarded mutations did, and after a walk what came past them", async () => {
  await deployed.run("orders:add", { from: 0, to: 300 });
  const all = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [n, "new"]));
  expect(await exported()).toEqual(all);

  await deployed.run("orders:change", { n: 7, text: "changed" });
  await deployed.run("orders:remove", { n: 8 });
  const { 8: _removed, ...changed }: Record<string, string> = { ...all, 7: "changed" };
  expect(await exported()).toEqual(changed);

  await deployed.run("orders:past", { n: 9, text: "edited" });
  await deployed.run("orders:past", { n: 10, text: null });
  expect(await exported()).toEqual(changed);
  await deployed.run("orders:walk");
  const { 10: _gone, ...edited }: Record<string, string> = { ...changed, 9: "edited" };
  await expect.poll(exported, { interval: 1_000 }).toEqual(edited);
});

test("the error for a table that is not exported suggests the table that was meant", async () => {
  const { directory: cwd } = deployed.project;
  for (const args of [
    ["export", "--tables", "order", "--out", "none"],
    ["token", "create", "reader", "--access", "export", "--mirror", "order"],
  ]) {
    const { out, err, code } = await run([...args, "--json"], { cwd });
    expect(JSON.parse(out)).toMatchObject({ error: { code: "UnknownTable" } });
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining(
        'exports no table "order". Did you mean "orders"? It exports: orders.',
      ) as string,
    });
  }
});

test("without a token, the deployment's key lends one for the time of the command", async () => {
  const { directory: cwd } = deployed.project;
  const { code, err } = await run(["export", "--tables", "orders", "--out", "borrowed"], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(readdirSync(path.join(cwd, "borrowed/orders"))).toHaveLength(1);
  const tokens = JSON.parse((await run(["token", "list", "--json"], { cwd })).out) as Record<
    string,
    unknown
  >[];
  expect(tokens.find(({ name }) => String(name).startsWith("cli-"))).toMatchObject({
    mirrors: ["orders"],
    access: "export",
    endReason: "revoked",
  });
  const follow = await run(["export", "--tables", "orders", "--follow"], { cwd });
  expect(follow).toMatchObject({ code: 2, err: expect.stringContaining("--follow needs a token") as string });
});

test("EXPORT-8: status shows the reader", async () => {
  const { directory: cwd } = deployed.project;
  const { code, out, err } = await run(["status"], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).not.toContain("cli-");
  expect(out).toMatch(/^files +streaming-import-\S+ +orders +up to date +– +\d+ s ago, \d+ rows?$/m);
});

test("a deployment that does not export `rows` is refused at once, with what to do", async () => {
  const { project } = deployed;
  project.write("convex/imports.ts", FILES["convex/imports.ts"].replace("rows, ", ""));
  await deployed.push();
  const { code, out, err } = await run(
    ["export", "--tables", "orders", "--out", "missing", "--token", token],
    { cwd: project.directory },
  );
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(
    /^The app does not export imports:rows.*Export it from convex\/imports\.ts and deploy\./,
  );
  expect(err).not.toContain("Trying again");

  project.write("convex/imports.ts", FILES["convex/imports.ts"]);
  const examined = await run(["doctor", "--json"], { cwd: project.directory });
  const { checks } = JSON.parse(examined.out) as { checks: Record<"code" | "level" | "message", string>[] };
  expect(checks.filter(({ code }) => code === "functions-deployed")).toMatchObject([
    { level: "error", message: "The deployment has no function imports:rows." },
  ]);
});

test("doctor finds an exported table that is not deployed, and takes an app that only exports", async () => {
  const { project } = deployed;
  await deployed.push();
  project.write(
    "convex/schema.ts",
    FILES["convex/schema.ts"].replace("{\n  orders", "{\n  notes: exportTable(defineTable({})),\n  orders"),
  );
  const { out } = await run(["doctor", "--json"], { cwd: project.directory });
  const { checks } = JSON.parse(out) as { checks: Record<"code" | "level" | "message", string>[] };
  expect(checks.filter(({ code, level }) => code === "schema-deployed" && level === "error")).toMatchObject([
    { message: 'The deployment does not export "notes", which schema.ts exports.' },
  ]);
  expect(checks.find(({ code }) => code === "mirrors-declared")).toMatchObject({ level: "ok" });
});
