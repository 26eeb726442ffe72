/** Names and ids of mirrors that go to code which nobody can find. */
import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { isArgumentBeside, isData, isFunctionCall } from "./data.js";
import { parameterType } from "./positions.js";
import { isOfQuery, isRead } from "./reads.js";
import type { Report } from "./report.js";

/**
 * A call that carries the name or an id of a mirror to code that nobody can find: a callee of type any, or of a function
 * type of the app with nothing behind it. The method of a writer may hide there.
 */
export function visitMirrorCall(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression | ts.NewExpression,
): void {
  const { ts, checker } = cx;
  const args = call.arguments ?? [];
  if (args.length === 0 || ts.isNewExpression(call)) return;
  if (
    call.expression.kind === ts.SyntaxKind.ImportKeyword ||
    call.expression.kind === ts.SyntaxKind.SuperKeyword
  )
    return;
  if (isData(cx, call.expression) || isFunctionCall(cx, call)) return;
  if (isRead(cx, call) || isOfQuery(cx, call.expression)) return;
  const callee = checker.getTypeAtLocation(call.expression);
  const isUnknown = (callee.flags & ts.TypeFlags.Any) !== 0 || isFunctionInterface(cx, callee);
  if (!isUnknown && !callee.getCallSignatures().some((signature) => isBodiless(cx, signature))) return;
  const signature = isUnknown ? undefined : checker.getResolvedSignature(call);
  if (signature !== undefined && !isBodiless(cx, signature)) return;
  for (const [index, argument] of args.entries()) {
    // A name and an id are no objects.
    if (ts.isObjectLiteralExpression(argument) || ts.isFunctionLike(argument)) continue;
    if (isArgumentBeside(cx, argument, report.schema.mirrors)) continue;
    const table = mirrorOf(cx, report, checker.getTypeAtLocation(argument));
    if (table === null) continue;
    // A parameter that is typed as an id or a name says that the code behind it was written for them.
    const expected = signature === undefined ? null : parameterType(cx, signature, index, call);
    if (expected !== null && mirrorOf(cx, report, expected) !== null) continue;
    report.add("no-writer-escape", "mirrorCall", call, { table }, { tables: [table] });
    return;
  }
}

/** A function type of the app: `(…) => …`, a method of an interface. */
function isBodiless(cx: GuardContext, signature: ts.Signature): boolean {
  const { ts } = cx;
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined || !cx.packages.isProject(declaration.getSourceFile())) return false;
  return (
    ts.isFunctionTypeNode(declaration) ||
    ts.isMethodSignature(declaration) ||
    ts.isCallSignatureDeclaration(declaration)
  );
}

/** The mirror that a value of this type names or is an id of. */
function mirrorOf(cx: GuardContext, report: Report, type: ts.Type): string | null {
  for (const arm of type.isUnion() ? type.types : [type]) {
    if (arm.isStringLiteral() && report.schema.mirrors.has(arm.value)) return arm.value;
    const phantom =
      (arm.flags & cx.ts.TypeFlags.Intersection) === 0 ? undefined : arm.getProperty("__tableName");
    const name = phantom && cx.checker.getTypeOfSymbol(phantom);
    if (name?.isStringLiteral() === true && report.schema.mirrors.has(name.value)) return name.value;
  }
  return null;
}

/** The type `Function`, which says nothing of what is called. */
export function isFunctionInterface(cx: GuardContext, type: ts.Type): boolean {
  return (type.symbol as ts.Symbol | undefined)?.name === "Function" && type.getCallSignatures().length === 0;
}
