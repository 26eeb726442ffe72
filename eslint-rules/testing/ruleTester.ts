import { RuleTester } from "@typescript-eslint/rule-tester";
import { afterAll, describe, it } from "vitest";
import { FIXTURE } from "./programs.js";

RuleTester.afterAll = afterAll;
RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;
RuleTester.itSkip = it.skip;

/** A tester with the types of the fixture app. The code of a case takes the place of `convex/file.ts` there. */
export function typedTester(settings: Record<string, unknown> = {}): RuleTester {
  return new RuleTester({
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: FIXTURE } },
    settings: { "streaming-import": { today: "2026-11-20", ...settings } },
  });
}

/** A tester without types. */
export function untypedTester(settings: Record<string, unknown> = {}): RuleTester {
  return new RuleTester({ settings: { "streaming-import": { today: "2026-11-20", ...settings } } });
}

/** The path of a file of the fixture. */
export function fixtureFile(path = "convex/file.ts"): string {
  return `${FIXTURE}/${path}`;
}

/** The imports that programs of the tests start with. */
export const IMPORTS = [
  'import { internalMutation, mutation, query } from "./_generated/server.js";',
  'import type { DatabaseReader, DatabaseWriter, MutationCtx, QueryCtx } from "./_generated/server.js";',
  'import type { DataModel, Doc, Id, TableNames } from "./_generated/dataModel.js";',
  'import * as helpers from "./helpers.js";',
  'import { v } from "convex/values";',
  "",
].join("\n");

/** A program around statements that have `ctx`, a customer, and ids of a customer, a note and a user. */
export function inMutation(body: string): string {
  return `${IMPORTS}
export async function run(ctx: MutationCtx, customer: Doc<"customers">, customerId: Id<"customers">, noteId: Id<"notes">, userId: Id<"users">) {
  ${body}
}`;
}
