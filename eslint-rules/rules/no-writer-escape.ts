import type ts from "typescript";
import { carries } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { losesByParameter, losesWriter, shortType } from "../engine/conversions.js";
import { isReference, mayCarry } from "../engine/flows.js";
import { passesCheck } from "../engine/presets.js";
import type { Report } from "../engine/report.js";
import { isTrusted, trustedPackage } from "../engine/trust.js";
import type { RuleDefinition } from "../engine/rule.js";

/** Reports places where the database writer leaves the type checker. */
export const noWriterEscape: RuleDefinition = {
  name: "no-writer-escape",
  description: "Disallow losing the database writer from the type checker's sight",
  messages: [
    "detached",
    "escape",
    "untypedCall",
    "untrustedPackage",
    "structuralWriter",
    "weakReceiver",
    "anyMethod",
    "anyCall",
    "anyParameter",
  ],
  schema: {
    type: "object",
    properties: {
      check: {
        type: "string",
        enum: ["detached", "all"],
        description: "Only methods taken off the writer, or every way out. Default: all.",
      },
    },
    additionalProperties: false,
  },
  deep: (option) => option["check"] !== "detached",
  accepts: (finding, option) => passesCheck(finding, option["check"]),
};

/**
 * Finds the places where the writer leaves the type checker: the part of the proof that is not about writes but about
 * all other uses of the writer. Only the strict preset asks for it.
 */
export function visitEscape(cx: GuardContext, report: Report, node: ts.Node): void {
  const { ts, checker } = cx;
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) visitCall(cx, report, node);
  else if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
    if (!isConst(cx, node)) convert(cx, report, node.expression, checker.getTypeAtLocation(node));
  } else if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    if (node.initializer !== undefined && node.type !== undefined) {
      convert(cx, report, node.initializer, checker.getTypeFromTypeNode(node.type));
    }
    if (ts.isParameter(node) && node.type !== undefined) visitParameter(cx, report, node);
  } else if (ts.isBinaryExpression(node)) visitBinary(cx, report, node);
  else if (ts.isConditionalExpression(node)) {
    const whole = checker.getTypeAtLocation(node);
    absorb(cx, report, node.whenTrue, whole);
    absorb(cx, report, node.whenFalse, whole);
  } else if (ts.isReturnStatement(node) || ts.isYieldExpression(node)) {
    if (node.expression !== undefined) contextual(cx, report, node.expression);
  } else if (ts.isArrowFunction(node)) {
    if (!ts.isBlock(node.body)) contextual(cx, report, node.body);
  } else if (ts.isThrowStatement(node)) {
    if (carries(cx, checker.getTypeAtLocation(node.expression))) {
      escape(cx, report, node.expression, "what a catch clause sees as unknown");
    }
  } else if (ts.isPropertyAssignment(node)) {
    if (isReference(cx, node.initializer)) contextual(cx, report, node.initializer);
  } else if (ts.isArrayLiteralExpression(node)) {
    const element = checker.getTypeAtLocation(node).getNumberIndexType();
    if (element !== undefined) for (const one of node.elements) absorb(cx, report, one, element);
  }
}

function visitCall(cx: GuardContext, report: Report, call: ts.CallExpression | ts.NewExpression): void {
  const { ts, checker } = cx;
  const args = call.arguments ?? [];
  const interesting = args.filter((argument) => mayCarry(cx, argument));
  if (interesting.length === 0 || isHarmless(cx, call)) return;
  const callee = checker.getTypeAtLocation(call.expression);
  if ((callee.flags & ts.TypeFlags.Any) !== 0 || isFunctionInterface(cx, callee)) {
    for (const argument of interesting) {
      if (carries(cx, checker.getTypeAtLocation(argument)))
        report.add("no-writer-escape", "untypedCall", argument);
    }
    return;
  }
  const signature = checker.getResolvedSignature(call);
  if (signature === undefined) return;
  for (const [index, argument] of args.entries()) {
    if (!interesting.includes(argument)) continue;
    const type = checker.getTypeAtLocation(argument);
    const expected = parameterType(cx, signature, index, call);
    const lost =
      expected === null ? null : (losesWriter(cx, type, expected) ?? losesByParameter(cx, type, expected));
    const trusted = isTrustedCallee(cx, signature);
    if (lost !== null && !trusted) escape(cx, report, argument, lost);
    else if (!trusted && carries(cx, type) && givesAny(cx, signature)) escape(cx, report, argument, "any");
    else if (carries(cx, type)) visitPackageCall(cx, report, argument, signature);
  }
}

/** The type of the parameter that takes the argument, a rest parameter's element included. */
function parameterType(
  cx: GuardContext,
  signature: ts.Signature,
  index: number,
  call: ts.CallExpression | ts.NewExpression,
): ts.Type | null {
  const { checker } = cx;
  const last = signature.parameters.length - 1;
  const parameter = signature.parameters[Math.min(index, last)];
  if (parameter === undefined) return null;
  const type = checker.getTypeOfSymbolAtLocation(parameter, call);
  const declaration = parameter.valueDeclaration;
  const isRest =
    declaration !== undefined && cx.ts.isParameter(declaration) && declaration.dotDotDotToken !== undefined;
  if (!isRest) return index <= last ? type : null;
  if (checker.isTupleType(type)) return argumentAt(cx, type, index - last);
  return type.getNumberIndexType() ?? type;
}

function argumentAt(cx: GuardContext, tuple: ts.Type, index: number): ts.Type | null {
  return cx.checker.getTypeArguments(tuple as ts.TypeReference)[index] ?? null;
}

/** `Reflect.get(db, key)`: a function of the language that takes the writer and gives back anything of it. */
function givesAny(cx: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined || cx.packages.originOf(declaration.getSourceFile()).kind !== "lib")
    return false;
  return (signature.getReturnType().flags & cx.ts.TypeFlags.Any) !== 0;
}

/** A typed call into a package: believed only when the package is. */
function visitPackageCall(
  cx: GuardContext,
  report: Report,
  argument: ts.Node,
  signature: ts.Signature,
): void {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined) return;
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind !== "package") return;
  if (isTrustedCallee(cx, signature)) report.trustedPackages.add(origin.name);
  else {
    const name =
      declaration.name !== undefined && cx.ts.isIdentifier(declaration.name) ? declaration.name.text : "*";
    report.add("no-writer-escape", "untrustedPackage", argument, { package: origin.name, name });
  }
}

function isTrustedCallee(cx: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  if (declaration === undefined) return false;
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind === "self") return true;
  if (origin.kind === "package" && trustedPackage(origin.name)) return true;
  return isTrusted(cx, declaration);
}

/** Functions of the language that look at a value and give nothing of it away. */
const HARMLESS = new Set([
  "JSON.stringify",
  "Object.keys",
  "Object.is",
  "Object.hasOwn",
  "Object.freeze",
  "Array.isArray",
  "Boolean",
  "String",
]);

function isHarmless(cx: GuardContext, call: ts.CallExpression | ts.NewExpression): boolean {
  const { ts } = cx;
  const callee = call.expression;
  if (ts.isIdentifier(callee)) return HARMLESS.has(callee.text);
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  const owner = callee.expression.text;
  return owner === "console" || HARMLESS.has(`${owner}.${callee.name.text}`);
}

function isFunctionInterface(cx: GuardContext, type: ts.Type): boolean {
  return (type.symbol as ts.Symbol | undefined)?.name === "Function" && type.getCallSignatures().length === 0;
}

/** `(ctx: any) => …` where Convex or a helper passes the writer in. */
function visitParameter(cx: GuardContext, report: Report, parameter: ts.ParameterDeclaration): void {
  const { ts, checker } = cx;
  const fn = parameter.parent;
  if (!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn) && !ts.isMethodDeclaration(fn)) return;
  const expected = ts.isMethodDeclaration(fn) ? methodContext(cx, fn) : checker.getContextualType(fn);
  if (expected === undefined || parameter.type === undefined) return;
  const index = fn.parameters.indexOf(parameter);
  const own = checker.getTypeFromTypeNode(parameter.type);
  for (const arm of expected.isUnion() ? expected.types : [expected]) {
    for (const signature of arm.getCallSignatures()) {
      const passed = signature.parameters[index];
      const lost =
        passed === undefined ? null : losesWriter(cx, checker.getTypeOfSymbolAtLocation(passed, fn), own);
      if (lost !== null) {
        report.add("no-writer-escape", "anyParameter", parameter, { to: lost });
        return;
      }
    }
  }
}

function methodContext(cx: GuardContext, method: ts.MethodDeclaration): ts.Type | undefined {
  if (!cx.ts.isObjectLiteralExpression(method.parent)) return undefined;
  const outer = cx.checker.getContextualType(method.parent);
  const property = outer?.getProperty(method.name.getText());
  return property && cx.checker.getTypeOfSymbolAtLocation(property, method);
}

function visitBinary(cx: GuardContext, report: Report, node: ts.BinaryExpression): void {
  const { SyntaxKind } = cx.ts;
  switch (node.operatorToken.kind) {
    case SyntaxKind.EqualsToken:
    case SyntaxKind.BarBarEqualsToken:
    case SyntaxKind.AmpersandAmpersandEqualsToken:
    case SyntaxKind.QuestionQuestionEqualsToken:
      convert(cx, report, node.right, cx.checker.getTypeAtLocation(node.left));
      return;
    case SyntaxKind.BarBarToken:
    case SyntaxKind.AmpersandAmpersandToken:
    case SyntaxKind.QuestionQuestionToken: {
      const whole = cx.checker.getTypeAtLocation(node);
      absorb(cx, report, node.left, whole);
      absorb(cx, report, node.right, whole);
    }
  }
}

/** An arm of a conditional or an element of a list whose other arms make the complete expression `any` or `unknown`. */
function absorb(cx: GuardContext, report: Report, arm: ts.Expression, whole: ts.Type): void {
  if ((whole.flags & (cx.ts.TypeFlags.Any | cx.ts.TypeFlags.Unknown)) !== 0) convert(cx, report, arm, whole);
}

function contextual(cx: GuardContext, report: Report, expression: ts.Expression): void {
  const type = cx.checker.getTypeAtLocation(expression);
  const callable = type.getCallSignatures().length > 0;
  if (!callable && !carries(cx, type)) return;
  const expected = cx.checker.getContextualType(expression);
  if (expected === undefined) return;
  const lost = losesWriter(cx, type, expected);
  if (lost !== null) escape(cx, report, expression, lost);
  else if (callable) {
    const parameter = losesByParameter(cx, type, expected);
    if (parameter !== null) report.add("no-writer-escape", "anyParameter", expression, { to: parameter });
  }
}

function convert(cx: GuardContext, report: Report, expression: ts.Expression, target: ts.Type): void {
  const type = cx.checker.getTypeAtLocation(expression);
  const lost = losesWriter(cx, type, target) ?? losesByParameter(cx, type, target);
  if (lost !== null) escape(cx, report, expression, lost);
}

function escape(cx: GuardContext, report: Report, node: ts.Node, to: string): void {
  const from = shortType(cx, cx.checker.getTypeAtLocation(node));
  report.add("no-writer-escape", "escape", node, { from, to });
}

function isConst(cx: GuardContext, node: ts.AsExpression | ts.TypeAssertion): boolean {
  return cx.ts.isTypeReferenceNode(node.type) && node.type.typeName.getText() === "const";
}
