// @vitest-environment node
import { expect, it, vi } from "vitest";
import { analyze, programWith } from "../../test/guard/programs.js";

vi.setConfig({ testTimeout: 60_000 });

const RAW = 'import { mutation as raw } from "./_generated/server.js";\n';
const USE = 'import { mutation } from "./_generated/server.js"; export const f = mutation(async () => null);';

/** The message ids about a module that uses a raw builder, in an app with this `functions.ts`. */
function idsWith(functions: string): string[] {
  const program = programWith({ "convex/functions.ts": functions, "convex/use.ts": USE });
  return analyze(program, "convex/use.ts").findings.map(({ messageId }) => messageId);
}

it("takes functions.ts for the module of guarded builders when it is made with the guard", () => {
  const guarded = `${RAW}import { guard } from "convex-streaming-import/guard";
import schema from "./schema.js";
export const { mutation } = guard(schema, { mutation: raw, internalMutation: raw as never });`;
  expect(idsWith(guarded)).toEqual(["rawBuilder"]);
});

it("does not send anyone to a functions.ts that wraps builders for other reasons", () => {
  expect(idsWith(`${RAW}export const mutation: typeof raw = ((one: never) => raw(one)) as never;`)).toEqual(
    [],
  );
});
