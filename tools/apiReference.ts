/**
 * Writes the reference of the public entry points, `docs/api`, from the doc comments: `npm run docs:api`.
 *
 * With `--check`, it writes nothing and fails if the pages are out of date. It always fails on a link that leads
 * nowhere, on an export without a doc comment, and on an exported type that refers to one that is not exported.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  Application,
  Comment,
  Converter,
  ReflectionKind,
  UnknownType,
  type DeclarationReflection,
  type TypeDocOptions,
} from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";

const PAGES = "docs/api";

/** Inferred types that fill a screen. */
const SHORT_TYPES: Record<string, string> = {
  vMirrorStatus: "Validator<MirrorStatus>",
  mirrorStatus: 'RegisteredQuery<"public", { mirror: string }, Promise<MirrorStatus | null>>',
  reached:
    'RegisteredQuery<"public", { mirror: string; target: ReachTarget }, Promise<{ reached: boolean; reason: string; quarantined: number | null; … }>>',
};

/** Machinery of types that users meet in no signature of their own. */
const NOT_EXPORTED = [
  "All",
  "AnySchema",
  "AnyTable",
  "BoundOfWritable",
  "ComponentApi",
  "CLASSES",
  "DataModelOf",
  "Document",
  "DottedKey",
  "Expand",
  "ExportFunctions",
  "FIVETRAN_TYPES",
  "FieldPaths",
  "Fields",
  "FieldsOf",
  "Finished",
  "MayBeMirror",
  "MirrorKeys",
  "MirrorsIn",
  "MirrorsOf",
  "NeverReturned",
  "OptionalValidator",
  "OptionsOf",
  "PatchValue",
  "RefusedTable",
  "RulesOf",
  "TableChange",
  "TableOfId",
  "Unit",
  "VisibilityOf",
  "WithFivetran",
  "operatorFunctions",
  "tableFunctions",
  "vMirrorState",
  "vTarget",
];

const { Accessor, Class, Function, Interface, Method, Property, TypeAlias, Variable } = ReflectionKind;
const KINDS = [Accessor, Class, Function, Interface, Method, Property, TypeAlias, Variable];

const options: TypeDocOptions & Partial<PluginOptions> = {
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: ["src/client", "src/dashboard", "src/schema", "src/guard", "src/react", "eslint-rules"]
    .map((folder) => `${folder}/index.ts`)
    .concat("src/test.ts"),
  tsconfig: "tools/tsconfig.api.json",
  // `npm run typecheck` checks types.
  skipErrorChecking: true,
  readme: "none",
  name: "API reference",
  // One page per entry point.
  router: "module",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  pageTitleTemplates: {
    module: ({ name }) => `convex-streaming-import${name === "client" ? "" : `/${name}`}`,
  },
  entryFileName: "README",
  expandObjects: false,
  indexFormat: "table",
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  // Line numbers would change with every commit.
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  intentionallyNotExported: NOT_EXPORTED,
  // Of Convex's own doc comments, which the methods of a table inherit.
  externalSymbolLinkMappings: {
    convex: {
      TableDefinition: "https://docs.convex.dev/api/classes/server.TableDefinition",
      defineTable: "https://docs.convex.dev/api/modules/server#definetable",
    },
  },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  logLevel: "Warn",
};

/** The doc comments of the fields of validators, which their inferred types lose: "Counts.received". */
const FIELD_COMMENTS = new Map(
  ["src/core/wire/changes.ts", "src/core/wire/validators.ts", "src/core/wire/views.ts"].flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(/^export const v(\w+) = v\.object\(\{\n([\s\S]*?)^\}\);$/gm),
    ].flatMap(([, type, fields]) =>
      [...fields!.matchAll(/^ {2}\/\*\* (.+) \*\/\n {2}(\w+):/gm)].map(
        ([, comment, field]) => [`${type!}.${field!}`, comment!] as const,
      ),
    ),
  ),
);

const isCheck = process.argv.includes("--check");
const app = await Application.bootstrapWithPlugins(options);

app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection: DeclarationReflection) => {
  const comment = FIELD_COMMENTS.get(`${reflection.parent!.name}.${reflection.name}`);
  if (reflection.kindOf(Property) && comment !== undefined) {
    reflection.comment ??= new Comment([{ kind: "text", text: comment }]);
  }
  const short = SHORT_TYPES[reflection.name];
  if (short === undefined || reflection.type?.type === "intrinsic") return;
  context.project.removeTypeReflections(reflection.type);
  reflection.type = new UnknownType(short);
});

const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
for (const reflection of KINDS.flatMap((kind) => project.getReflectionsByKind(kind))) {
  if (reflection.isDeclaration() && reflection.kindOf(Property)) {
    // Every row would name it, and the link checker does not know the anchors that it links to.
    delete reflection.inheritedFrom;
    // Properties of types that are written in place need no comment.
    const isMember = reflection.parent!.kindOf([Interface, Class]);
    if (!isMember || reflection.name.startsWith("[")) continue;
  }
  if (reflection.isDeclaration() && reflection.signatures?.some((one) => one.hasComment())) continue;
  if (!reflection.hasComment()) app.logger.warn(`${reflection.getFullName()} has no doc comment`);
}

const target = isCheck ? mkdtempSync(path.join(tmpdir(), "api-reference-")) : PAGES;
try {
  app.options.setValue("outputs", [{ name: "markdown", path: target }]);
  await app.generateOutputs(project);
  if (isCheck) {
    const [expected, found] = [pagesOf(target), pagesOf(PAGES)];
    for (const page of new Set([...expected.keys(), ...found.keys()])) {
      if (expected.get(page) === found.get(page)) continue;
      app.logger.warn(`${PAGES}/${page} is out of date; run npm run docs:api`);
    }
  }
} finally {
  if (isCheck) rmSync(target, { recursive: true });
}
process.exit(app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0);

/** The pages in a folder, by their names. */
function pagesOf(folder: string): Map<string, string> {
  return new Map(readdirSync(folder).map((page) => [page, readFileSync(path.join(folder, page), "utf8")]));
}
