import ts from "typescript";
import { importerFunctions } from "../../project/functionNames.js";
import {
  COMPONENT_NAME,
  DEFAULT_MODULE,
  importerOf,
  type ImporterPart,
  mountOf,
  schemaOf,
} from "../../project/parts.js";
import { findModule, specifierOf } from "../../project/project.js";
import { methodCalls } from "../../project/syntax.js";
import { append } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

/** The module's name where an app has another `imports.ts` already. */
const SECOND_MODULE = "streamingImports";

/** Makes the importer and exports the functions through which the component writes. */
export function planImports({ project }: Planning): Step {
  const importer = importerOf(project);
  const names = importerFunctions(schemaOf(project).hasExports);
  if (importer !== null) return planExports(importer, names);
  const module = findModule(project, DEFAULT_MODULE) === null ? DEFAULT_MODULE : SECOND_MODULE;
  const file = `${project.functionsDir}/${module}.${project.language}`;
  const component = mountOf(project)?.name ?? COMPONENT_NAME;
  const options = module === DEFAULT_MODULE ? "" : `, { module: ${JSON.stringify(module)} }`;
  return create(
    file,
    `import { StreamingImport } from "convex-streaming-import";
import { components } from "${specifierOf(project, file, "_generated/api")}";
import schema from "${specifierOf(project, file, "schema")}";

export const ${COMPONENT_NAME} = new StreamingImport(components.${component}, schema${options});

export const { ${names.join(", ")} } = ${COMPONENT_NAME}.internalFunctions();
`,
  );
}

/** Adds what the schema needs, or newer versions of the package have, to what the app exports. */
function planExports({ functions, exported, variable }: ImporterPart, names: readonly string[]): Step {
  const missing = names.filter((name) => !exported.has(name));
  if (missing.length === 0) return keep(functions.file, functions.text);
  const declaration = methodCalls(functions.source, "internalFunctions")[0]?.call.parent;
  const otherwise = {
    why: `This module does not export ${missing.join(", ")}. Export them:`,
    paste: `export const { ${missing.join(", ")} } = ${variable}.internalFunctions();`,
  };
  if (
    declaration === undefined ||
    !ts.isVariableDeclaration(declaration) ||
    !ts.isObjectBindingPattern(declaration.name) ||
    declaration.name.elements.some(({ dotDotDotToken }) => dotDotDotToken !== undefined)
  )
    return byHand(functions.file, functions.text, otherwise.why, otherwise.paste);
  const code = missing.map((name) => `${name},`).join("\n");
  return edit(functions, append(functions, declaration.name, code), otherwise);
}
