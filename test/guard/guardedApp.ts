import { readFileSync } from "node:fs";
import type { Evasion } from "./evasions/index.js";
import { fileOf } from "./evasions/index.js";
import { FIXTURE, programWith, typeErrors } from "./programs.js";

const GENERATED = "convex/_generated";

/** The fixture app as an app that uses the guard: its programs get the guarded builders and the guarded ctx. */
const GUARDED_APP: Readonly<Record<string, string>> = {
  [`${GENERATED}/raw.d.ts`]: fixture(`${GENERATED}/server.d.ts`),
  [`${GENERATED}/server.d.ts`]: `
    import type { GuardedCtx, GuardedDb } from "convex-streaming-import/guard";
    import type schema from "../schema.js";
    export { query, internalQuery, action, internalAction, httpAction } from "./raw.js";
    export type { ActionCtx, DatabaseReader, QueryCtx } from "./raw.js";
    export { mutation, internalMutation } from "../guarded.js";
    export type MutationCtx = GuardedCtx<typeof schema>;
    export type DatabaseWriter = GuardedDb<typeof schema>;
  `,
  "convex/guarded.ts": replaced("convex/guarded.ts", `./_generated/server.js`, "./_generated/raw.js"),
  "convex/ents.ts": `import { forLibrary } from "./guarded.js";
    ${replaced("convex/ents.ts", "entsTableFactory(ctx,", "entsTableFactory(forLibrary(ctx),")}`,
};

/**
 * The programs that do not compile with the guarded builders: those with an error that they do not have with Convex's
 * own.
 */
export function refusedByTypes(
  evasions: readonly Evasion[],
  ownErrors: Readonly<Record<string, readonly string[]>>,
): Set<string> {
  const place = ({ id, extension }: Evasion): string => `convex/${id}.${extension}`;
  const program = programWith({
    ...GUARDED_APP,
    ...Object.fromEntries(evasions.map((one) => [place(one), fileOf(one)])),
  });
  for (const path of Object.keys(GUARDED_APP)) {
    const errors = typeErrors(program, path);
    if (errors.length > 0) throw new Error(`the guarded app has type errors: ${path}: ${errors.join(" ")}`);
  }
  return new Set(
    evasions
      .filter((one) =>
        typeErrors(program, place(one)).some((error) => ownErrors[one.id]?.includes(error) !== true),
      )
      .map(({ id }) => id),
  );
}

function fixture(path: string): string {
  return readFileSync(`${FIXTURE}/${path}`, "utf8");
}

function replaced(path: string, from: string, to: string): string {
  const text = fixture(path);
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  return text.replace(from, to);
}
