import ts from "typescript";
import { COMPONENT_NAME, DEFAULT_MODULE, importerOf, routesOf } from "../../project/parts.js";
import { findModule, moduleName, specifierOf } from "../../project/project.js";
import { bare, defaultExport, topLevelNames } from "../../project/syntax.js";
import { importInsertion, inStyle, styleOf } from "../../project/edit.js";
import { byHand, create, edit, keep, type Planning, type Step } from "../edit.js";

/** Serves the import API from http.ts. */
export function planHttp({ project, options }: Planning): Step {
  const http = findModule(project, "http");
  const importer = importerOf(project);
  const variable = importer?.variable ?? COMPONENT_NAME;
  const module = importer === null ? DEFAULT_MODULE : moduleName(project, importer.importer.file);
  const file = http?.file ?? `${project.functionsDir}/http.${project.language}`;
  const specifier = specifierOf(project, file, module);
  const prefix = options.pathPrefix === "" ? "" : `, { pathPrefix: ${JSON.stringify(options.pathPrefix)} }`;
  const register = (importer: string, router: string) => `${importer}.registerRoutes(${router}${prefix});`;
  if (http === null) {
    return create(
      file,
      `import { httpRouter } from "convex/server";
import { ${variable} } from "${specifier}";

const http = httpRouter();
${register(variable, "http")}

export default http;
`,
    );
  }
  if (importer !== null && routesOf(project, importer).length > 0) return keep(file, http.text);

  const { source, text } = http;
  const isTaken = topLevelNames(source).has(variable);
  const local = isTaken ? "mirrorImport" : variable;
  const imported = `import { ${isTaken ? `${variable} as ${local}` : variable} } from "${specifier}";`;
  const otherwise = {
    why: "The router that this file exports is not a plain variable. Give it a name, and register the routes on it:",
    paste: `${imported}\n\n${register(local, "http")}`,
  };
  const exported = defaultExport(source);
  const router = exported === null ? null : bare(exported.expression);
  if (exported === null || router === null || !ts.isIdentifier(router))
    return byHand(file, text, otherwise.why, otherwise.paste);
  const style = styleOf(http);
  const code = inStyle(register(local, router.text), style) + style.newline.repeat(2);
  return edit(
    http,
    [...importInsertion(http, [imported]), { at: exported.getStart(source), text: code }],
    otherwise,
  );
}
