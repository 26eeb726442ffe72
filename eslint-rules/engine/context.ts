import type ts from "typescript";
import { PackageIndex } from "./packages.js";
import type { GuardOptions } from "./options.js";
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
    context = {
      ts: typescript,
      program,
      checker: remembering(typescript, program.getTypeChecker()),
      options,
      packages: new PackageIndex(typescript, program),
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

/** The signature of a function that has one, and no type parameter. */
function onlyOne([first, ...others]: readonly ts.Signature[]): ts.Signature | null {
  return first === undefined || others.length > 0 || first.typeParameters !== undefined ? null : first;
}

/** What a function gives back whichever of its signatures is meant; null when the arguments tell it. */
export function sameResult(typescript: TypeScript, signatures: readonly ts.Signature[]): ts.Type | null {
  if (signatures.some((one) => !hasOneResult(typescript, one))) return null;
  const [first, ...others] = new Set(signatures.map((one) => one.getReturnType()));
  return first === undefined || others.length > 0 ? null : first;
}

/** Whether a function gives back the same type for all arguments: it is not generic, or its result is written without them. */
function hasOneResult(typescript: TypeScript, { declaration, typeParameters }: ts.Signature): boolean {
  if (typeParameters === undefined) return true;
  const written = (declaration as ts.SignatureDeclaration | undefined)?.type;
  const names = new Set(typeParameters.map(({ symbol }) => symbol.name));
  const mentions = (node: ts.Node): boolean =>
    node.kind === typescript.SyntaxKind.ThisType ||
    (typescript.isIdentifier(node) && names.has(node.text)) ||
    (typescript.forEachChild(node, (child) => mentions(child) || undefined) ?? false);
  return written !== undefined && !mentions(written);
}

/**
 * A checker that works the type of each node out once: the compiler does it again at each call, for a chain of members
 * from its beginning, and many checks ask about the same node. Where a function has one signature, or gives back the
 * same by each, it does not ask for the types of the arguments: they lead to those of the whole app.
 */
function remembering(typescript: TypeScript, checker: ts.TypeChecker): ts.TypeChecker {
  const types = new WeakMap<ts.Node, ts.Type>();
  const getTypeAtLocation = (node: ts.Node): ts.Type => {
    let type = types.get(node);
    if (type === undefined) types.set(node, (type = typeOf(node)));
    return type;
  };
  const signaturesOf = (call: ts.CallExpression | ts.NewExpression): readonly ts.Signature[] => {
    const isRequire = typescript.isIdentifier(call.expression) && call.expression.text === "require";
    if (isRequire || call.expression.kind === typescript.SyntaxKind.SuperKeyword) return [];
    const callee = getTypeAtLocation(call.expression);
    if ((callee.flags & typescript.TypeFlags.Object) === 0) return [];
    return typescript.isCallExpression(call) ? callee.getCallSignatures() : callee.getConstructSignatures();
  };
  const typeOf = (node: ts.Node): ts.Type => {
    const isCall = typescript.isCallExpression(node) || typescript.isNewExpression(node);
    const result =
      isCall && (node.flags & typescript.NodeFlags.OptionalChain) === 0
        ? sameResult(typescript, signaturesOf(node))
        : null;
    if (result !== null) return result;
    const { parent } = node;
    // The compiler would ask what the object is for: `{ name }` is the value of that name.
    const value =
      typescript.isShorthandPropertyAssignment(parent) && parent.objectAssignmentInitializer === undefined
        ? checker.getShorthandAssignmentValueSymbol(parent)
        : undefined;
    return value === undefined
      ? checker.getTypeAtLocation(node)
      : checker.getTypeOfSymbolAtLocation(value, node);
  };
  const getResolvedSignature: ts.TypeChecker["getResolvedSignature"] = (call, ...others) =>
    (typescript.isCallExpression(call) || typescript.isNewExpression(call)
      ? onlyOne(signaturesOf(call))
      : null) ?? checker.getResolvedSignature(call, ...others);
  return { ...checker, getTypeAtLocation, getResolvedSignature };
}
