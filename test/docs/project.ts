/** The TypeScript and JavaScript blocks of all pages as one program: each page is a project of its own in it. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { compilerHost } from "../compilerHost.js";
import { blocksOf, placeOf, ROOT, type Block } from "./pages.js";

/** Where the projects lie in the program. There is no such folder on the disk. */
const BELOW = `${ROOT}/test/docs/projects`;

/** What people have after the quick start; the other pages build on it. */
const SET_UP = "docs/quickstart.md";

/** The compiler's options of a new Convex project, with Node's types. */
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  jsx: ts.JsxEmit.ReactJSX,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: ["node"],
  paths: doorsOfThePackage(),
};

/** A block in its place. */
export interface Placed {
  block: Block;
  /** Its file in the program. */
  path: string;
}

/** The sources behind each of the package's exports, so that pages are compiled against what is there now. */
function doorsOfThePackage(): Record<string, string[]> {
  const { name, exports } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
    name: string;
    exports: Record<string, string | { types: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).map(([door, target]) => {
      const built = typeof target === "string" ? target : target.types;
      const source = built.replace("./dist/", "./").replace(/\.d\.ts$/, ".ts");
      const found = [source, `${source}x`].find((file) => existsSync(path.join(ROOT, file))) ?? built;
      return [path.posix.join(name, door), [path.join(ROOT, found)]];
    }),
  );
}

/** The file that a block says it is in its first line, as `// convex/schema.ts` does. */
function nameOf({ code, language, line }: Block): string {
  const named = /^\/\/ ([\w./-]+\.(?:tsx?|jsx?|mts|mjs))(?=[\s:,]|$)/.exec(code)?.[1];
  if (named !== undefined) return named;
  const folder = language.endsWith("x") ? "src" : "convex";
  return `${folder}/block_${String(line)}.${language}`;
}

const generated = {
  "convex/_generated/dataModel.d.ts": `
    import type { DataModelFromSchemaDefinition, DocumentByName, SystemTableNames, TableNamesInDataModel } from "convex/server";
    import type { GenericId } from "convex/values";
    import type schema from "../schema.js";
    export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
    export type TableNames = TableNamesInDataModel<DataModel>;
    export type Doc<TableName extends TableNames> = DocumentByName<DataModel, TableName>;
    export type Id<TableName extends TableNames | SystemTableNames> = GenericId<TableName>;
  `,
  "convex/_generated/server.d.ts": `
    import type { ActionBuilder, GenericActionCtx, GenericDatabaseReader, GenericDatabaseWriter, GenericMutationCtx,
      GenericQueryCtx, HttpActionBuilder, MutationBuilder, QueryBuilder } from "convex/server";
    import type { DataModel } from "./dataModel.js";
    export declare const query: QueryBuilder<DataModel, "public">;
    export declare const internalQuery: QueryBuilder<DataModel, "internal">;
    export declare const mutation: MutationBuilder<DataModel, "public">;
    export declare const internalMutation: MutationBuilder<DataModel, "internal">;
    export declare const action: ActionBuilder<DataModel, "public">;
    export declare const internalAction: ActionBuilder<DataModel, "internal">;
    export declare const httpAction: HttpActionBuilder;
    export type QueryCtx = GenericQueryCtx<DataModel>;
    export type MutationCtx = GenericMutationCtx<DataModel>;
    export type ActionCtx = GenericActionCtx<DataModel>;
    export type DatabaseReader = GenericDatabaseReader<DataModel>;
    export type DatabaseWriter = GenericDatabaseWriter<DataModel>;
  `,
};

/** What `npx convex dev` would write for the modules of a project. */
function generatedFor(files: Iterable<string>): Record<string, string> {
  const modules = [...files].flatMap((file) => {
    const module = /^convex\/(?!_generated)(.+)\.tsx?$/.exec(file)?.[1];
    return module === undefined || /\.(config|test)$|^schema$/.test(module) ? [] : [module];
  });
  const types = modules.map((module) => `${JSON.stringify(module)}: typeof import("../${module}.js");`);
  return {
    ...generated,
    "convex/_generated/api.d.ts": `
      import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
      import type { ComponentApi } from "convex-streaming-import/_generated/component.js";
      declare const fullApi: ApiFromModules<{ ${types.join(" ")} }>;
      export declare const api: FilterApi<typeof fullApi, FunctionReference<any, "public">>;
      export declare const internal: FilterApi<typeof fullApi, FunctionReference<any, "internal">>;
      export declare const components: { streamingImport: ComponentApi<"streamingImport"> };
    `,
  };
}

/** All pages' projects in one program. */
export class PagesProgram {
  readonly placed: Placed[] = [];
  readonly program: ts.Program;
  readonly #files = new Map<string, string>();

  constructor(blocks: readonly Block[]) {
    const setUp = new Map(
      blocksOf(SET_UP)
        .filter(({ language }) => language === "ts")
        .map((block) => [nameOf(block), block.code]),
    );
    for (const page of new Set(blocks.map((block) => block.page))) {
      const own = blocks.filter((block) => block.page === page);
      this.#place(page, own, page === SET_UP ? new Map() : setUp);
    }
    this.program = this.#compile();
  }

  /** The text of a file of the program that a page has. */
  textOf(file: string): string {
    return this.#files.get(file) ?? "";
  }

  /** What the compiler says against a block, with lines of the page. */
  problemsOf({ block, path: file }: Placed): string[] {
    const source = this.program.getSourceFile(file)!;
    return [
      ...this.program.getSyntacticDiagnostics(source),
      ...this.program.getSemanticDiagnostics(source),
    ].map(({ messageText, start }) => {
      const line = block.line + 1 + source.getLineAndCharacterOfPosition(start ?? 0).line;
      return `${block.page}:${String(line)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  }

  /** A page's blocks build on each other. One that is a file again, in a later version, begins a new project. */
  #place(page: string, blocks: readonly Block[], setUp: ReadonlyMap<string, string>): void {
    const own = new Map<string, string>();
    let version = 1;
    const folder = () => `${BELOW}/${page.replaceAll(/\W+/g, "_")}_${String(version)}`;
    const keep = () => {
      const files = new Map([...setUp, ...own]);
      for (const [file, text] of [...files, ...Object.entries(generatedFor(files.keys()))])
        this.#files.set(`${folder()}/${file}`, text);
    };
    for (const block of blocks) {
      const name = nameOf(block);
      if (own.has(name)) {
        keep();
        version += 1;
      }
      own.set(name, block.code);
      this.placed.push({ block, path: `${folder()}/${name}` });
    }
    if (own.size > 0) keep();
  }

  #compile(): ts.Program {
    const host = compilerHost(OPTIONS);
    const { readFile, fileExists, getSourceFile, directoryExists } = host;
    host.readFile = (file) => this.#files.get(file) ?? readFile.call(host, file);
    host.fileExists = (file) => this.#files.has(file) || fileExists.call(host, file);
    host.directoryExists = (folder) => folder.startsWith(BELOW) || directoryExists!.call(host, folder);
    host.getSourceFile = (file, version, ...rest) => {
      const text = this.#files.get(file);
      return text === undefined
        ? getSourceFile.call(host, file, version, ...rest)
        : ts.createSourceFile(file, text, version, true);
    };
    return ts.createProgram([...this.#files.keys()], OPTIONS, host);
  }
}

/** How a placed block is named in a report. */
export function titleOf({ block }: Placed): string {
  return placeOf(block);
}
