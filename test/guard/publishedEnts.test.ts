// @vitest-environment node
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { programWith, typeErrors, verdictsOf } from "./programs.js";

/** The stub of the fixture has the types that the tests need; convex-ents as it is published has many more. */
const PUBLISHED = "../../../../node_modules/convex-ents/dist/index.js";

const DEFINITIONS = `
import { defineEnt, defineEntSchema, entsTableFactory, getEntDefinitions, scheduledDeleteFactory } from "${PUBLISHED}";
import { v } from "convex/values";
import type { DataModelFromSchemaDefinition, GenericMutationCtx } from "convex/server";
const schema = defineEntSchema({
  customers: defineEnt({ id: v.int64(), email: v.string() }).edge("user"),
  users: defineEnt({ name: v.string() })
    .edges("customers", { ref: true })
    .edge("profile", { to: "profiles", ref: true })
    .edge("team")
    .deletion("scheduled", { delayMs: 1 }),
  teams: defineEnt({ name: v.string() }).edges("members", { to: "users", ref: true }),
  profiles: defineEnt({ bio: v.string() }).edge("user"),
});
export const entDefinitions = getEntDefinitions(schema);
export const scheduledDelete = scheduledDeleteFactory(entDefinitions);
export type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;
export function entsOf(ctx: Ctx) {
  return { ...ctx, table: entsTableFactory(ctx, entDefinitions) };
}`;
const program = (body: string): string => `
import { entsOf, type Ctx } from "./publishedEnts.js";
import type { GenericId as Id } from "convex/values";
declare const row: never;
export async function f(ctx: Ctx, id: Id<"customers">, userId: Id<"users">, profileId: Id<"profiles">, teamId: Id<"teams">) { ${body} }`;

/** A program, and what recommended and strict say about it. */
const PROGRAMS: readonly (readonly [body: string, found: readonly string[]])[] = [
  ['await entsOf(ctx).table("customers").insert(row);', ["mirrorWrite"]],
  ['await entsOf(ctx).table("customers").insertMany([row]);', ["mirrorWrite"]],
  ['await entsOf(ctx).table("customers").getX(id).patch({ email: "" });', ["mirrorWrite"]],
  ['const one = await entsOf(ctx).table("customers").getX(id); await one.delete();', ["mirrorWrite"]],
  [
    'for (const one of await entsOf(ctx).table("users").getX(userId).edge("customers")) await one.delete();',
    ["mirrorWrite"],
  ],
  ['await entsOf(ctx).table("users").getX(userId).delete();', ["entsCascade"]],
  ['const user = await entsOf(ctx).table("users").firstX(); await user.delete();', ["entsCascade"]],
  ['await entsOf(ctx).table("users").insert({ name: "", customers: [id] } as never);', ["entsCascade"]],
  // convex-ents refuses it.
  ['await entsOf(ctx).table("users").getX(userId).patch({ customers: { add: [id] } } as never);', []],
  ['const change: any = {}; await entsOf(ctx).table("users").getX(userId).patch(change);', []],
  ['await entsOf(ctx).table("teams").getX(teamId).delete();', ["entsCascade"]],
  ['await entsOf(ctx).table("teams").getX(teamId).patch({ name: "" });', []],
  ['await entsOf(ctx).table("users").getX(userId).patch({ name: "" });', []],
  ['await entsOf(ctx).table("profiles").getX(profileId).delete();', []],
  ['await entsOf(ctx).table("customers").getX(id).edge("user");', []],
];
const place = (index: number): string => `convex/published_${String(index)}.ts`;

/** What a list of ents gives out has no methods that write, so this does not compile. */
const LIST = "convex/published_list.ts";

describe("convex-ents as it is published", () => {
  let all: ReturnType<typeof programWith>;

  beforeAll(() => {
    all = programWith({
      "convex/publishedEnts.ts": DEFINITIONS,
      [LIST]: program(
        'for (const one of await entsOf(ctx).table("users").firstX().edge("customers")) void one; const user = await entsOf(ctx).table("users").firstX(); for (const one of await user.edge("customers")) await one.patch({ email: "" });',
      ),
      ...Object.fromEntries(PROGRAMS.map(([body], index) => [place(index), program(body)])),
    });
  });

  it("is the version that the guard's page names", () => {
    const manifest = new URL("../../node_modules/convex-ents/package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    const page = readFileSync(new URL("../../docs/guard.md", import.meta.url), "utf8");
    expect(page).toContain(`| convex-ents            | ${version} `);
  });

  it.each(PROGRAMS.map(([body, found], index) => [body, found, index] as const))("%s", (_, found, index) => {
    expect(typeErrors(all, place(index))).toEqual([]);
    expect(verdictsOf(all, place(index))).toEqual({ recommended: found, strict: found });
  });

  it("getEntDefinitions shows the edges along which a scheduled delete cascades", () => {
    expect(verdictsOf(all, "convex/publishedEnts.ts").recommended).toEqual(["scheduledDelete"]);
  });

  it("the search for the writer ends in types that lead to themselves", () => {
    expect(typeErrors(all, LIST)).toHaveLength(1);
    expect(verdictsOf(all, LIST)).toEqual({ recommended: [], strict: [] });
  });
});
