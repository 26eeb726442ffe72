import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { Member, MemberKind } from "./model.js";
import { unaliased } from "./references.js";

/** The methods through which rows change, of Convex's writer and of convex-ents. */
export const WRITE_METHODS: ReadonlySet<string> = new Set([
  "insert",
  "patch",
  "replace",
  "delete",
  "insertMany",
]);

/** Receivers whose name says that they are a writer. */
export const WRITER_NAME = /(?:^|\.|#|_)(?:\w*[dD]b|\w*[wW]riter|database)$/;

const ORDER: readonly MemberKind[] = ["harmless", "structural", "any", "ents", "tableWriter", "writer"];

/** Classifies `type[name]`. Of a union the most dangerous arm counts. */
export function memberOf(cx: GuardContext, type: ts.Type, name: string): Member {
  const { ts, checker } = cx;
  if ((type.flags & ts.TypeFlags.Any) !== 0) return { kind: "any", owner: type, symbol: null };
  if (type.isUnion())
    return mostDangerous(
      type.types.map((arm) => memberOf(cx, arm, name)),
      type,
    );
  if ((type.flags & ts.TypeFlags.Instantiable) !== 0) {
    const constraint = checker.getBaseConstraintOfType(type);
    return constraint === undefined || constraint === type
      ? { kind: "harmless", owner: type, symbol: null }
      : memberOf(cx, constraint, name);
  }
  if (type.isIntersection()) {
    const arms = type.types.filter((arm) => arm.getProperty(name) !== undefined);
    if (arms.length > 0)
      return mostDangerous(
        arms.map((arm) => memberOf(cx, arm, name)),
        type,
      );
  }
  const symbol = checker.getPropertyOfType(checker.getApparentType(type), name);
  if (symbol === undefined) {
    // Record<string, …>: the app made it, so anything may be in it.
    const hides = type.getStringIndexType() !== undefined;
    return { kind: hides ? "structural" : "harmless", owner: type, symbol: null };
  }
  return { kind: kindOfSymbol(cx, symbol), owner: type, symbol };
}

function mostDangerous(members: readonly Member[], owner: ts.Type): Member {
  let worst: Member = { kind: "harmless", owner, symbol: null };
  for (const member of members) if (ORDER.indexOf(member.kind) > ORDER.indexOf(worst.kind)) worst = member;
  return worst;
}

function kindOfSymbol(cx: GuardContext, symbol: ts.Symbol): MemberKind {
  const target = unaliased(cx, symbol);
  const declarations = target.declarations ?? [];
  // A member that no source declares comes from a mapped type over literal names.
  if (declarations.length === 0) return "structural";
  let worst: MemberKind = "harmless";
  for (const declaration of declarations) {
    const kind = kindOfDeclaration(cx, declaration);
    if (ORDER.indexOf(kind) > ORDER.indexOf(worst)) worst = kind;
  }
  return worst;
}

/** Classifies the declaration of a member with the name of a write method. */
export function kindOfDeclaration(cx: GuardContext, declaration: ts.Declaration): MemberKind {
  const origin = cx.packages.originOf(declaration.getSourceFile());
  switch (origin.kind) {
    case "lib":
      return "harmless";
    case "self":
      // The guard's writer has members without bodies; classes of the importer are trusted by their origin.
      return hasBody(cx, declaration) || !origin.path.includes("guard/") ? "harmless" : "writer";
    case "project":
      return hasBody(cx, declaration) ? "harmless" : "structural";
    case "package":
      if (origin.name === "convex") return kindOfConvexMember(cx, declaration);
      if (origin.name === "convex-ents") return "ents";
      return looksLikeWriter(cx, declaration.parent) ? "writer" : "harmless";
  }
}

function kindOfConvexMember(cx: GuardContext, declaration: ts.Declaration): MemberKind {
  const owner = declaration.parent;
  if (!cx.ts.isInterfaceDeclaration(owner)) return "harmless";
  if (owner.name.text === "BaseTableWriter") return "tableWriter";
  // Also other interfaces of Convex with the writer's face, as future versions may have.
  return owner.name.text === "GenericDatabaseWriter" || looksLikeWriter(cx, owner) ? "writer" : "harmless";
}

/** A class or interface of a package that has all of the writer's methods is one (convex-helpers has such). */
function looksLikeWriter(cx: GuardContext, owner: ts.Node): boolean {
  const { ts } = cx;
  if (!ts.isInterfaceDeclaration(owner) && !ts.isClassDeclaration(owner) && !ts.isTypeLiteralNode(owner))
    return false;
  const names = new Set<string>();
  for (const member of owner.members) {
    if (member.name !== undefined && ts.isIdentifier(member.name)) names.add(member.name.text);
  }
  return ["insert", "patch", "replace", "delete"].every((name) => names.has(name));
}

/** Whether the declaration brings the code that runs: then that code is checked where it stands. */
function hasBody(cx: GuardContext, declaration: ts.Declaration): boolean {
  const { ts } = cx;
  if (ts.isMethodDeclaration(declaration) || ts.isFunctionDeclaration(declaration)) {
    return declaration.body !== undefined || isOverloadOfBody(cx, declaration);
  }
  if (ts.isPropertySignature(declaration) || ts.isMethodSignature(declaration)) return false;
  if (ts.isParameter(declaration)) return false;
  if (ts.isPropertyDeclaration(declaration) || ts.isVariableDeclaration(declaration)) {
    return declaration.initializer !== undefined;
  }
  if (ts.isMappedTypeNode(declaration) || ts.isTypeParameterDeclaration(declaration)) return false;
  return !declaration.getSourceFile().isDeclarationFile;
}

function isOverloadOfBody(
  cx: GuardContext,
  declaration: ts.MethodDeclaration | ts.FunctionDeclaration,
): boolean {
  const symbol = declaration.name && cx.checker.getSymbolAtLocation(declaration.name);
  return (
    symbol?.declarations?.some(
      (other) =>
        (cx.ts.isMethodDeclaration(other) || cx.ts.isFunctionDeclaration(other)) && other.body !== undefined,
    ) ?? false
  );
}
