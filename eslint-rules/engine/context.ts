import type ts from "typescript";
import { PackageIndex } from "./packages.js";
import type { GuardOptions } from "./options.js";
import { remembering } from "./checker.js";
import type { FileAnalysis, SchemaInfo, TypeScript } from "./model.js";

/** What every part of the engine needs to know, one per program and options. */
export interface GuardContext {
  readonly ts: TypeScript;
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
  readonly options: GuardOptions;
  readonly packages: PackageIndex;
  /** Schemas by their path, so that every file of a functions directory shares one reading. */
  readonly schemas: Map<string, SchemaInfo>;
  /** The schema that governs a directory, so that the search upwards happens once. */
  readonly schemaOfDirectory: Map<string, SchemaInfo>;
  /** The schema that governs a file wherever it lies, by the file's path. */
  readonly schemaOfFile: Map<string, SchemaInfo>;
  /** The files that are deployed with a functions directory, by its path. */
  readonly deployedWith: Map<string, ReadonlySet<string>>;
  readonly files: WeakMap<ts.SourceFile, FileAnalysis>;
  /** Whether a type carries the database writer, by remaining depth; see carriers.ts. */
  readonly carriers: Map<ts.Type, boolean>[];
  /** Type parameters that stand for the writer while the body of a generic function is read. */
  readonly standIns: ReadonlySet<ts.Type>;
}

const contexts = new WeakMap<ts.Program, Map<string, GuardContext>>();

/** The context of a program: made once, shared by all rules that ask with the same options. */
export function contextFor(typescript: TypeScript, program: ts.Program, options: GuardOptions): GuardContext {
  let ofProgram = contexts.get(program);
  if (ofProgram === undefined) contexts.set(program, (ofProgram = new Map<string, GuardContext>()));
  const key = JSON.stringify(options);
  let context = ofProgram.get(key);
  if (context === undefined) {
    const packages = new PackageIndex(typescript, program);
    context = {
      ts: typescript,
      program,
      checker: remembering(typescript, program.getTypeChecker(), packages),
      options,
      packages,
      schemas: new Map(),
      schemaOfDirectory: new Map(),
      schemaOfFile: new Map(),
      deployedWith: new Map(),
      files: new WeakMap(),
      carriers: [],
      standIns: new Set(),
    };
    ofProgram.set(key, context);
  }
  return context;
}
