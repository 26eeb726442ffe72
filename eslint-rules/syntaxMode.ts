import type ts from "typescript";
import type { TypeScript } from "./engine/context.js";
import type { Finding } from "./engine/model.js";
import type { SchemaInfo } from "./engine/mirrors.js";
import type { GuardOptions } from "./engine/options.js";
import { directoryOf } from "./engine/packages.js";
import { analyzeSyntax, readSchemaSyntax } from "./syntax.js";

interface SourceCode {
  readonly ast: object;
  readonly text: string;
}

interface SyntaxAnalysis {
  readonly schema: SchemaInfo;
  readonly findings: readonly Finding[];
}

const EXTENSIONS = ["ts", "tsx", "mts", "js", "jsx", "mjs"];

const analyses = new WeakMap<object, Map<string, SyntaxAnalysis>>();

/** The findings of a file without type information; parsed with the plugin's own TypeScript, once for all rules. */
export function syntaxFindings(
  typescript: TypeScript,
  sourceCode: SourceCode,
  fileName: string,
  options: GuardOptions,
): SyntaxAnalysis {
  let ofFile = analyses.get(sourceCode.ast);
  if (ofFile === undefined) analyses.set(sourceCode.ast, (ofFile = new Map<string, SyntaxAnalysis>()));
  const key = JSON.stringify(options);
  let analysis = ofFile.get(key);
  if (analysis === undefined) {
    const path = fileName.replaceAll("\\", "/");
    const schema = readSchemaSyntax(typescript, schemaFile(typescript, path, options), options.tables);
    const findings = analyzeSyntax(typescript, parse(typescript, path, sourceCode.text), schema, options);
    analysis = { schema, findings };
    ofFile.set(key, analysis);
  }
  return analysis;
}

function parse(typescript: TypeScript, path: string, text: string): ts.SourceFile {
  return typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
}

/** The schema by its place: an option, or the nearest `schema.ts` in the directories above and their `convex`. */
function schemaFile(typescript: TypeScript, path: string, options: GuardOptions): ts.SourceFile | null {
  const { sys } = typescript;
  const cwd = sys.getCurrentDirectory().replaceAll("\\", "/");
  const read = (file: string): ts.SourceFile | null => {
    const text = sys.readFile(file);
    return text === undefined ? null : parse(typescript, file, text);
  };
  const absolute = (file: string): string => (/^(?:\/|[A-Za-z]:)/.test(file) ? file : `${cwd}/${file}`);
  if (options.schema !== null) return read(absolute(options.schema));
  const bases =
    options.functionsDir === null ? undefined : [absolute(options.functionsDir.replace(/\/$/, ""))];
  if (bases !== undefined) return firstSchema(bases, read);
  for (let directory = directoryOf(path); ; directory = directoryOf(directory)) {
    const found = firstSchema([directory, `${directory}/convex`], read);
    if (found !== null) return found;
    if (directory === "" || directory === directoryOf(directory)) return null;
  }
}

function firstSchema(
  directories: readonly string[],
  read: (file: string) => ts.SourceFile | null,
): ts.SourceFile | null {
  for (const directory of directories) {
    for (const extension of EXTENSIONS) {
      const file = read(`${directory}/schema.${extension}`);
      if (file !== null && /\bdefine(?:Ent)?Schema\b/.test(file.text)) return file;
    }
  }
  return null;
}
