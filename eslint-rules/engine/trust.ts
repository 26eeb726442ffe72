import type ts from "typescript";
import type { GuardContext } from "./context.js";
import type { Specifier, TypeScript } from "./model.js";
import { trustedPackage } from "./packages.js";

/** Whether the code behind a call is this package's, or of a package or a declaration that is trusted. */
export function isTrustedCallee(cx: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined) return false;
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind === "self") return true;
  if (origin.kind === "package" && trustedPackage(origin.name)) return true;
  return isTrusted(cx, declaration);
}

/** Whether one of the user's specifiers covers a declaration. */
export function isTrusted(cx: GuardContext, declaration: ts.Node): boolean {
  if (cx.options.trusted.length === 0) return false;
  const names = enclosingNames(cx.ts, declaration);
  return cx.options.trusted.some((specifier) => covers(cx, declaration, names, specifier));
}

/** The first specifier that covers a declaration or something around it: code that the user vouches for. */
export function trustedAround(cx: GuardContext, node: ts.Node): Specifier | null {
  if (cx.options.trusted.length === 0) return null;
  const names = enclosingNames(cx.ts, node);
  return cx.options.trusted.find((specifier) => covers(cx, node, names, specifier)) ?? null;
}

function covers(cx: GuardContext, node: ts.Node, names: ReadonlySet<string>, specifier: Specifier): boolean {
  if (typeof specifier === "string") return names.has(specifier);
  const wanted: readonly string[] = typeof specifier.name === "string" ? [specifier.name] : specifier.name;
  if (!wanted.some((name) => name === "*" || names.has(name))) return false;
  const file = node.getSourceFile();
  const origin = cx.packages.originOf(file);
  switch (specifier.from) {
    case "lib":
      return origin.kind === "lib";
    case "package":
      return origin.kind === "package" && origin.name === specifier.package;
    case "file": {
      if (origin.kind !== "project") return false;
      const path = specifier.path?.replace(/^\.\//, "");
      return path === undefined || file.fileName === path || file.fileName.endsWith(`/${path}`);
    }
  }
}

/** The names of the declarations around a node: functions, classes, methods, variables. */
export function enclosingNames(ts: TypeScript, node: ts.Node): ReadonlySet<string> {
  const names = new Set<string>();
  for (
    let current: ts.Node | undefined = node;
    current !== undefined;
    current = current.parent as ts.Node | undefined
  ) {
    const name = nameOf(ts, current);
    if (name !== null) names.add(name);
  }
  return names;
}

function nameOf(ts: TypeScript, node: ts.Node): string | null {
  if (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node)
  ) {
    return node.name !== undefined && ts.isIdentifier(node.name) ? node.name.text : null;
  }
  return null;
}
