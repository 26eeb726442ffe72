import ts from "typescript";
import { COMPONENT_NAME, mountOf } from "../../project/parts.js";
import { findModule } from "../../project/project.js";
import {
  bare,
  declarationOf,
  defaultExport,
  initializerOf,
  localOf,
  methodCalls,
  topLevelNames,
} from "../../project/syntax.js";
import { behind, importInsertion, inStyle, styleOf } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

const FILE = "convex.config";
const SPECIFIER = "convex-streaming-import/convex.config.js";

const WHOLE = `import { defineApp } from "convex/server";
import streamingImport from "${SPECIFIER}";

const app = defineApp();
app.use(streamingImport);

export default app;
`;

/** Mounts the component in convex.config.ts. */
export function planAppConfig({ project }: Planning): Step {
  const config = findModule(project, FILE);
  if (config === null) return create(`${project.functionsDir}/${FILE}.${project.language}`, WHOLE);
  if (mountOf(project) !== null) return keep(config.file, config.text);
  const { source, text, file } = config;
  const otherwise = {
    why: "The app that this file exports is not a plain variable. Mount the component on it:",
    paste: `import streamingImport from "${SPECIFIER}";\n\napp.use(streamingImport);`,
  };
  const imported = localOf(source, "default", /^convex-streaming-import\/convex\.config/);
  const names = topLevelNames(source);
  const local = imported ?? (names.has(COMPONENT_NAME) ? `${COMPONENT_NAME}Component` : COMPONENT_NAME);
  const exported = defaultExport(source);
  const app = exported === null ? null : bare(exported.expression);
  if (app === null || !ts.isIdentifier(app)) return byHand(file, text, otherwise.why, otherwise.paste);
  const made = initializerOf(source, app.text);
  if (made === null || !ts.isCallExpression(bare(made)))
    return byHand(file, text, otherwise.why, otherwise.paste);

  const uses = methodCalls(source, "use").filter(
    ({ call, receiver }) => receiver === app.text && call.parent.parent === source,
  );
  const after = uses.at(-1)?.call.parent ?? declarationOf(source, app.text)!.parent.parent;
  const style = styleOf(config);
  const mount = style.newline + inStyle(`${app.text}.use(${local});`, style);
  const imports = imported === null ? [`import ${local} from "${SPECIFIER}";`] : [];
  return edit(
    config,
    [...importInsertion(config, imports), { at: behind(text, after), text: mount }],
    otherwise,
  );
}
