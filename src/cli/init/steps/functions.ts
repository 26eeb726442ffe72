import { DOCS } from "../../../core/docs.js";
import { guardOf } from "../../project/parts.js";
import { findModule, specifierOf } from "../../project/project.js";
import { topLevelNames } from "../../project/syntax.js";
import { importInsertion, inStyle, styleOf } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

/** Names that the guarded builders need in their module. */
const NAMES = ["guard", "mutation", "internalMutation", "rawMutation", "rawInternalMutation", "schema"];

/** Makes the mutation builders that cannot write a mirror. */
export function planFunctions({ project }: Planning): Step {
  const guarded = guardOf(project);
  if (guarded !== null) return keep(guarded.file, guarded.text);
  const existing = findModule(project, "functions");
  const file = existing?.file ?? `${project.functionsDir}/functions.${project.language}`;
  const isTypeScript = /\.[cm]?tsx?$/.test(file);
  const imports = [
    `import { guard${isTypeScript ? ", type GuardedCtx" : ""} } from "convex-streaming-import/guard";`,
    `import { internalMutation as rawInternalMutation, mutation as rawMutation } from "${specifierOf(project, file, "_generated/server")}";`,
    `import schema from "${specifierOf(project, file, "schema")}";`,
  ];
  const body = `/** In the place of those in _generated/server: their ctx.db cannot write a mirror. */
export const { mutation, internalMutation } = guard(schema, {
  mutation: rawMutation,
  internalMutation: rawInternalMutation,
});
${
  isTypeScript
    ? `
/** For helper functions, in the place of the one in _generated/server. */
export type MutationCtx = GuardedCtx<typeof schema>;
`
    : ""
}`;
  if (existing === null) return create(file, `${imports.join("\n")}\n\n${body}`);

  const names = topLevelNames(existing.source);
  const wanted = isTypeScript ? [...NAMES, "MutationCtx", "GuardedCtx"] : NAMES;
  const otherwise = {
    why:
      "This file defines its own builders. Guard them (" +
      DOCS +
      "/guard.md shows this for custom functions, triggers and migrations):",
    paste: `${imports.join("\n")}\n\n${body}`,
  };
  if (wanted.some((name) => names.has(name)))
    return byHand(file, existing.text, otherwise.why, otherwise.paste);
  const style = styleOf(existing);
  const gap = existing.text.endsWith("\n") ? style.newline : style.newline.repeat(2);
  return edit(
    existing,
    [...importInsertion(existing, imports), { at: existing.text.length, text: gap + inStyle(body, style) }],
    otherwise,
  );
}
