import type ts from "typescript";
import { EXPORT_BRAND, MIRROR_BRAND } from "../../src/core/brand.js";
import type { GuardContext } from "./context.js";
import { declaredCall, readContract } from "./contracts.js";
import { deployedPaths, entryPointsOf } from "./deployed.js";
import { GuardConfigurationError } from "./options.js";
import { directoryOf } from "./packages.js";
import { didYouMean } from "../../src/core/suggest.js";
import { namedSchema, nearestSchema, readSchemaSyntax, schemaFile } from "./schemaSyntax.js";
import type { MirrorInfo, SchemaInfo, SchemaProblem } from "./model.js";
import { unaliased } from "./references.js";

const EXTENSIONS = ["ts", "tsx", "mts", "js", "jsx", "mjs"];

/**
 * The schema for a file: the one in its functions directory, or in the functions directory beside it. A file of a
 * component belongs to the component, unless the functions around the component import it: then it is deployed with them.
 */
export function schemaFor(cx: GuardContext, fileName: string): SchemaInfo {
  const governing = cx.schemaOfFile.get(fileName);
  if (governing !== undefined) return governing;
  const schema = schemaOfDirectory(cx, directoryOf(fileName));
  for (let { component } = schema; component !== null;) {
    const around = schemaOfDirectory(cx, directoryOf(component));
    if (around.file !== null && deployedWith(cx, directoryOf(around.file.fileName)).has(fileName)) {
      cx.schemaOfFile.set(fileName, around);
      return around;
    }
    ({ component } = around);
  }
  return schema;
}

/**
 * Lets a schema govern files wherever they lie: the command knows which files are deployed with it, also those of other
 * packages of a workspace.
 */
export function governFiles(cx: GuardContext, schema: SchemaInfo, files: readonly ts.SourceFile[]): void {
  for (const file of files) cx.schemaOfFile.set(file.fileName, schema);
}

function schemaOfDirectory(cx: GuardContext, directory: string): SchemaInfo {
  let schema = cx.schemaOfDirectory.get(directory);
  if (schema === undefined) {
    const component = componentAround(cx, directory);
    schema =
      component === null
        ? readSchema(cx, findSchemaFile(cx, directory), directory)
        : readComponent(cx, component);
    cx.schemaOfDirectory.set(directory, schema);
  }
  return schema;
}

/** The files that Convex bundles with the modules of a functions directory. */
function deployedWith(cx: GuardContext, functionsDir: string): ReadonlySet<string> {
  let deployed = cx.deployedWith.get(functionsDir);
  if (deployed === undefined) {
    const { ts, program } = cx;
    deployed = deployedPaths(
      ts,
      functionsDir,
      entryPointsOf(ts, functionsDir),
      (path) => program.getSourceFile(path)?.text,
    );
    cx.deployedWith.set(functionsDir, deployed);
  }
  return deployed;
}

/** The directory of the component definition above a file, unless a schema of the app lies nearer. */
function componentAround(cx: GuardContext, start: string): string | null {
  for (let directory = start; ; directory = directoryOf(directory)) {
    for (const extension of ["ts", "js"]) {
      const config = cx.program.getSourceFile(`${directory}/convex.config.${extension}`);
      if (config !== undefined) return /\bdefineComponent\b/.test(config.text) ? directory : null;
    }
    if (directory === "" || directory === directoryOf(directory)) return null;
  }
}

/** A component may have mirrors of its own; without any there is nothing to guard, and that is no mistake. */
function readComponent(cx: GuardContext, directory: string): SchemaInfo {
  const file = EXTENSIONS.flatMap(
    (extension) => cx.program.getSourceFile(`${directory}/schema.${extension}`) ?? [],
  )[0];
  const schema = readSchema(cx, file ?? null, directory);
  return { ...schema, problem: null, component: directory };
}

function findSchemaFile(cx: GuardContext, start: string): ts.SourceFile | null {
  const deployed = nearestSchema(cx.ts, start, (directory) => {
    for (const extension of EXTENSIONS) {
      const file = cx.program.getSourceFile(`${directory}/schema.${extension}`);
      if (file !== undefined && tablesType(cx, file) !== null) return file;
    }
    return null;
  });
  const { schema } = cx.options;
  if (schema === null) return deployed ?? onlySchema(cx);
  const named = namedSchema(start, schema, (path) => cx.program.getSourceFile(path) ?? null);
  const isOfFunctions = deployed !== null && `${start}/`.startsWith(`${directoryOf(deployed.fileName)}/`);
  if (!isOfFunctions || named === deployed) return named;
  throw new GuardConfigurationError(
    "InvalidOptions",
    `The option "schema" names ${schema}, but Convex deploys ${deployed.fileName.split("/").slice(-2).join("/")}. Remove the option.`,
  );
}

/** The schema of the program, for a file of another package of the workspace; null when there are several. */
function onlySchema(cx: GuardContext): ts.SourceFile | null {
  const schemas = cx.program
    .getSourceFiles()
    .filter(
      (file) =>
        /\/schema\.[cm]?[jt]sx?$/.test(file.fileName) &&
        !file.isDeclarationFile &&
        cx.packages.isProject(file) &&
        componentAround(cx, directoryOf(file.fileName)) === null &&
        tablesType(cx, file) !== null,
    );
  return schemas.length === 1 ? (schemas[0] ?? null) : null;
}

/** The type of `schema.tables`, or null when the module exports no schema. */
function tablesType(cx: GuardContext, file: ts.SourceFile): ts.Type | null {
  const schema = schemaType(cx, file);
  if (schema === null) return null;
  if ((schema.flags & cx.ts.TypeFlags.Any) !== 0) return schema;
  const tables = schema.getProperty("tables");
  return tables === undefined ? null : cx.checker.getTypeOfSymbol(tables);
}

/** The type of the default export of a schema module. */
export function schemaType(cx: GuardContext, file: ts.SourceFile): ts.Type | null {
  const { checker } = cx;
  const module = checker.getSymbolAtLocation(file);
  if (module === undefined) return null;
  const exported = checker.getExportsOfModule(module).find((symbol) => symbol.name === "default");
  if (exported === undefined) return null;
  return checker.getTypeOfSymbol(unaliased(cx, exported));
}

function readSchema(cx: GuardContext, file: ts.SourceFile | null, directory: string): SchemaInfo {
  const key = file?.fileName ?? directory;
  const cached = cx.schemas.get(key);
  if (cached !== undefined) return cached;
  const tables = new Set<string>(cx.options.tables);
  const mirrors = new Map<string, MirrorInfo>();
  const exported = new Set<string>();
  const ofSchema = new Set<string>();
  let problem: SchemaProblem | null = null;
  const type = file === null ? null : tablesType(cx, file);
  if (type === null) {
    const outside = file === null ? schemaOutside(cx, directory) : null;
    if (outside === null) problem = "noSchema";
    for (const table of outside?.tables ?? []) ofSchema.add(table);
    for (const table of ofSchema) tables.add(table);
    for (const [table, mirror] of outside?.mirrors ?? []) mirrors.set(table, mirror);
  } else if ((type.flags & cx.ts.TypeFlags.Any) !== 0 || type.getStringIndexType() !== undefined)
    problem = "anySchema";
  else {
    for (const table of type.getProperties()) {
      tables.add(table.name);
      ofSchema.add(table.name);
      const mirror = readMirror(cx, table);
      if (mirror !== null) mirrors.set(table.name, mirror);
      else if (isExported(cx, table)) exported.add(table.name);
    }
  }
  for (const table of cx.options.tables) {
    if (mirrors.has(table)) continue;
    if (problem === null && !ofSchema.has(table)) throw unknownTable(table, [...ofSchema]);
    mirrors.set(table, {
      table,
      source: null,
      owner: null,
      primaryKey: null,
      branded: false,
      declaration: null,
    });
  }
  if (mirrors.size > 0 && problem === "noSchema") problem = null;
  if (mirrors.size === 0 && exported.size === 0 && problem === null) problem = "noMirrors";
  const schema: SchemaInfo = { file, tables, mirrors, exported, problem, component: null };
  cx.schemas.set(key, schema);
  return schema;
}

/**
 * The schema that the option names and the program does not hold: ESLint gives a package of a workspace a program of its
 * own, which the app's schema is not part of.
 */
function schemaOutside(cx: GuardContext, directory: string): SchemaInfo | null {
  if (cx.options.schema === null) return null;
  return readSchemaSyntax(cx.ts, schemaFile(cx.ts, `${directory}/x.ts`, cx.options), []);
}

function unknownTable(table: string, known: readonly string[]): GuardConfigurationError {
  const meant = didYouMean(table, known);
  return new GuardConfigurationError(
    "UnknownTable",
    `The option "tables" names "${table}", which is not a table of the schema.${meant === "" ? ` The tables are ${known.join(", ")}.` : meant}`,
  );
}

/** A table is a mirror when its type says so, or when its declaration calls `mirrorTable` and lost the type on the way. */
function readMirror(cx: GuardContext, table: ts.Symbol): MirrorInfo | null {
  const branded = hasBrand(cx, cx.checker.getTypeOfSymbol(table), "mirror", MIRROR_BRAND);
  const declaration = table.declarations?.[0] ?? null;
  const call = declaration === null ? null : declaredCall(cx, declaration, "mirrorTable");
  if (!branded && call === null) return null;
  const contract = call === null ? null : readContract(cx.ts, call);
  return {
    table: table.name,
    source: contract?.source ?? null,
    owner: contract?.owner ?? null,
    primaryKey: contract?.primaryKey ?? null,
    branded,
    declaration,
  };
}

/** A table is exported when its type says so, or when its declaration calls `exportTable` and lost the type on the way. */
function isExported(cx: GuardContext, table: ts.Symbol): boolean {
  if (hasBrand(cx, cx.checker.getTypeOfSymbol(table), "exported", EXPORT_BRAND)) return true;
  const [declaration] = table.declarations ?? [];
  return declaration !== undefined && declaredCall(cx, declaration, "exportTable") !== null;
}

function hasBrand(
  cx: GuardContext,
  table: ts.Type,
  property: "mirror" | "exported",
  wanted: string,
): boolean {
  // One arm of a union that is a mirror is enough: at run time it may be that one.
  if (table.isUnion()) return table.types.some((arm) => hasBrand(cx, arm, property, wanted));
  const contract = table.getProperty(property);
  const brand = contract && cx.checker.getTypeOfSymbol(contract).getProperty("brand");
  if (brand === undefined) return false;
  const type = cx.checker.getTypeOfSymbol(brand);
  return type.isStringLiteral() && type.value === wanted;
}
