import type ts from "typescript";
import { carries, isFactory } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { losesByNext, losesByParameter, losesWriter } from "../engine/conversions.js";
import { shortType } from "../engine/typeText.js";
import { stripAssertions } from "../engine/contracts.js";
import { losesInUnion, visitDefault, visitSpreadOver } from "../engine/choices.js";
import { isGlobal, visitDynamicCode } from "../engine/dynamicCode.js";
import { absorb, contextual, convert, reportEscape, visitPackageHandler } from "../engine/escape.js";
import { visitDecorator, visitMember, visitOverloads, visitParameter } from "../engine/declarations.js";
import {
  visitInstanceOf,
  visitIsArray,
  visitNarrowed,
  visitNarrowedMember,
  visitNarrowedValue,
  visitPredicate,
} from "../engine/narrowed.js";
import { visitNative } from "../engine/natives.js";
import { visitAugmentation, visitReplacement, visitTarget } from "../engine/replaced.js";
import { givesView } from "../engine/generics.js";
import { losesInGeneric, visitBases, visitGenericClass, visitGivenWriter } from "../engine/insideGenerics.js";
import {
  isAsked,
  parameterType,
  propsOf,
  signatureFor,
  typeOfArgument,
  visitLoop,
  visitTypeArguments,
} from "../engine/positions.js";
import { putInData, visitPutIn } from "../engine/putIn.js";
import { losesReceiver } from "../engine/receivers.js";
import { visitThis } from "../engine/thisArgument.js";
import { isBound, isData, isFunctionCall } from "../engine/data.js";
import { mayCarry } from "../engine/flows.js";
import { isFunctionInterface, visitMirrorCall } from "../engine/mirrorCall.js";
import { passesCheck } from "../engine/presets.js";
import type { Report } from "../engine/report.js";
import { isTrustedCallee } from "../engine/trust.js";
import { isLostView, losesView, sourceOf, takesViewApart, visitRest, visitSpread } from "../engine/views.js";
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
    "packagePath",
    "otherModule",
    "structuralWriter",
    "weakReceiver",
    "anyMethod",
    "anyCall",
    "anyParameter",
    "native",
    "handler",
    "mirrorCall",
    "packageFunction",
    "componentEscape",
    "importerEscape",
    "unknownFunction",
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
  visitDynamicCode(cx, report, node);
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    visitMirrorCall(cx, report, node);
    visitReplacement(cx, report, node);
    if (node.typeArguments !== undefined) {
      visitTypeArguments(cx, report, node, node.typeArguments);
      visitGivenWriter(cx, visitEscape, report, node, node.typeArguments);
    }
    if (ts.isCallExpression(node)) {
      visitThis(cx, report, node);
      visitIsArray(cx, report, node);
    } else visitGenericClass(cx, visitEscape, report, node);
    visitCall(cx, report, node);
  } else if (ts.isTaggedTemplateExpression(node)) visitTemplate(cx, report, node);
  else if (ts.isTypePredicateNode(node)) visitPredicate(cx, report, node);
  else if (ts.isModuleDeclaration(node)) visitAugmentation(cx, report, node);
  else if (ts.isPropertyAccessExpression(node)) {
    visitNarrowed(cx, report, node);
    visitTarget(cx, report, node);
  } else if (ts.isElementAccessExpression(node)) {
    visitNarrowed(cx, report, node);
    visitTarget(cx, report, node);
    visitKey(cx, report, node.argumentExpression, node.expression, node);
  } else if (ts.isDecorator(node)) visitDecorator(cx, report, node);
  else if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
    if (!ts.isConstTypeReference(node.type))
      convert(cx, report, node.expression, () => checker.getTypeAtLocation(node));
  } else if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    const isJavaScript = (node.flags & ts.NodeFlags.JavaScriptFile) !== 0;
    const isTyped = node.type !== undefined || (isJavaScript && ts.getJSDocType(node) !== undefined);
    // A parameter without a type of its own may get one from where the function is used.
    if (node.initializer !== undefined && (isTyped || ts.isParameter(node)))
      convert(cx, report, node.initializer, () => checker.getTypeAtLocation(node.name));
    if (ts.isParameter(node) && isTyped) visitParameter(cx, report, node);
    if (!isTyped && ts.isVariableDeclaration(node)) visitNarrowedValue(cx, report, node);
    if (ts.isPropertyDeclaration(node)) visitMember(cx, report, node);
  } else if (ts.isBindingElement(node)) {
    const { propertyName, parent } = node;
    if (
      propertyName !== undefined &&
      ts.isComputedPropertyName(propertyName) &&
      ts.isObjectBindingPattern(parent)
    )
      visitKey(cx, report, propertyName.expression, parent, node.name);
    if (node.dotDotDotToken !== undefined) visitRest(cx, report, node);
    else visitNarrowedMember(cx, report, node);
    visitDefault(cx, report, node);
    if (node.initializer !== undefined)
      convert(cx, report, node.initializer, () => checker.getTypeAtLocation(node.name));
  } else if (ts.isSpreadAssignment(node)) {
    visitSpread(cx, report, node);
    visitSpreadOver(cx, report, node);
  } else if (ts.isShorthandPropertyAssignment(node)) {
    if (node.objectAssignmentInitializer !== undefined)
      convert(cx, report, node.objectAssignmentInitializer, () => checker.getTypeAtLocation(node.name));
    else contextual(cx, report, node.name);
  } else if (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node)
  ) {
    visitOverloads(cx, report, node);
    if (ts.isMethodDeclaration(node)) visitMember(cx, report, node);
  } else if (ts.isAccessor(node)) {
    visitMember(cx, report, node);
  } else if (ts.isParenthesizedExpression(node)) {
    // In JavaScript, a type in a comment before the parenthesis is an assertion.
    if ((node.flags & ts.NodeFlags.JavaScriptFile) !== 0)
      convert(cx, report, node.expression, () => checker.getTypeAtLocation(node));
  } else if (ts.isIdentifier(node)) {
    if (node.text === "arguments" && checker.getTypeAtLocation(node).symbol?.name === "IArguments")
      report.add("no-writer-escape", "escape", node, { from: "`arguments`", to: "a list of any" });
  } else if (ts.isBinaryExpression(node)) visitBinary(cx, report, node);
  else if (ts.isConditionalExpression(node)) {
    absorb(cx, report, [node.whenTrue, node.whenFalse], () => checker.getTypeAtLocation(node));
  } else if (ts.isReturnStatement(node) || ts.isYieldExpression(node)) {
    if (node.expression === undefined) return;
    if (ts.isYieldExpression(node) && node.asteriskToken !== undefined)
      visitDelegation(cx, report, node.expression);
    else if (ts.isReturnStatement(node) && ts.isConstructorDeclaration(node.parent.parent))
      convert(cx, report, node.expression, () => checker.getAnyType());
    else contextual(cx, report, node.expression);
  } else if (ts.isArrowFunction(node)) {
    if (!ts.isBlock(node.body)) contextual(cx, report, node.body);
  } else if (ts.isThrowStatement(node)) {
    if (carries(cx, checker.getTypeAtLocation(node.expression)) || isLostView(cx, node.expression)) {
      reportEscape(cx, report, node.expression, "what a catch clause sees as unknown");
    }
  } else if (ts.isForOfStatement(node)) {
    visitLoop(cx, report, node);
  } else if (ts.isJsxAttribute(node) || ts.isJsxSpreadAttribute(node)) {
    const props = propsOf(cx, node);
    if (props !== null) convert(cx, report, props.value, () => props.target);
  } else if (ts.isClassLike(node)) {
    visitBases(cx, visitEscape, report, node);
  } else if (ts.isPropertyAssignment(node)) {
    if (ts.isComputedPropertyName(node.name)) {
      if (sourceOf(cx, node.parent) === null) visitChosenName(cx, report, node, node.name.expression);
      else visitKey(cx, report, node.name.expression, node.parent, node.initializer);
    }
    if (hasTypeOfItsOwn(cx, node.initializer)) contextual(cx, report, node.initializer);
  } else if (ts.isArrayLiteralExpression(node)) {
    absorb(cx, report, node.elements, () => checker.getTypeAtLocation(node).getNumberIndexType());
    for (const element of node.elements)
      if (!ts.isSpreadElement(element) && hasTypeOfItsOwn(cx, element)) contextual(cx, report, element);
  }
  visitNative(cx, report, node);
}

/** `yield* inner()`: what `next` is called with goes to the inner generator. */
function visitDelegation(cx: GuardContext, report: Report, inner: ts.Expression): void {
  const { ts, checker } = cx;
  let fn: ts.Node = inner;
  while (!ts.isFunctionLike(fn)) fn = fn.parent;
  const signature = checker.getSignatureFromDeclaration(fn);
  const lost = signature && losesByNext(cx, checker.getTypeAtLocation(inner), [signature.getReturnType()]);
  if (typeof lost === "string") reportEscape(cx, report, inner, lost);
  else contextual(cx, report, inner);
}

/** Not a literal, whose parts are looked at by themselves. */
function hasTypeOfItsOwn(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  return !(
    ts.isLiteralExpression(expression) ||
    ts.isObjectLiteralExpression(expression) ||
    ts.isArrayLiteralExpression(expression) ||
    ts.isFunctionExpression(expression) ||
    ts.isArrowFunction(expression)
  );
}

/**
 * `ctx[key]`, `const { [key]: db } = ctx`, `({ [key]: db } = ctx)` where only a type says that the key is not "db": the
 * value may still be the writer.
 */
function visitKey(
  cx: GuardContext,
  report: Report,
  key: ts.Expression,
  holder: ts.Expression | ts.ObjectBindingPattern,
  node: ts.Node,
): void {
  const { ts, checker } = cx;
  if (ts.isStringLiteralLike(key) || ts.isNumericLiteral(key) || !hasAssertedType(cx, key)) return;
  const source = ts.isExpression(holder) ? sourceOf(cx, holder) : null;
  const object = source?.type ?? checker.getTypeAtLocation(holder);
  const isHolder =
    carries(cx, object) ||
    takesViewApart(cx, holder) ||
    (ts.isExpression(holder) && source === null && isLostView(cx, holder));
  if (!isHolder || carries(cx, checker.getTypeAtLocation(node))) return;
  const from = shortType(cx, object);
  report.add("no-writer-escape", "escape", node, { from, to: `a member that \`${key.getText()}\` names` });
}

/** `{ note, [name]: ctx.db }`: the writer takes the place of a member before it, which keeps its own type. */
function visitChosenName(
  cx: GuardContext,
  report: Report,
  property: ts.PropertyAssignment,
  name: ts.Expression,
): void {
  const { initializer, parent } = property;
  if (cx.ts.isLiteralExpression(name) || !hasAssertedType(cx, name)) return;
  if (!carries(cx, cx.checker.getTypeAtLocation(initializer))) return;
  const before = parent.properties.slice(0, parent.properties.indexOf(property));
  const isReplaced = before.some(
    (one) => one.name === undefined || !carries(cx, cx.checker.getTypeAtLocation(one.name)),
  );
  if (isReplaced) reportEscape(cx, report, initializer, `a member that \`${name.getText()}\` names`);
}

/** Whether an assertion or an annotation, and no value, says what a key is. */
function hasAssertedType(cx: GuardContext, key: ts.Expression, depth = 8): boolean {
  const { ts, checker } = cx;
  if (ts.isAsExpression(key) && ts.isConstTypeReference(key.type))
    return hasAssertedType(cx, key.expression, depth);
  const inner = stripAssertions(ts, key);
  if (inner !== key || depth === 0) return true;
  if (ts.isLiteralExpression(inner)) return false;
  if (!ts.isIdentifier(inner)) return true;
  const declaration = checker.getSymbolAtLocation(inner)?.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return true;
  const { initializer, type } = declaration;
  return initializer === undefined || type !== undefined || hasAssertedType(cx, initializer, depth - 1);
}

function visitTemplate(cx: GuardContext, report: Report, node: ts.TaggedTemplateExpression): void {
  if (!cx.ts.isTemplateExpression(node.template)) return;
  for (const { expression } of node.template.templateSpans) {
    if (carries(cx, cx.checker.getTypeAtLocation(expression)))
      report.add("no-writer-escape", "untypedCall", expression);
  }
}

function visitCall(cx: GuardContext, report: Report, call: ts.CallExpression | ts.NewExpression): void {
  const { ts, checker } = cx;
  const args = call.arguments ?? [];
  if (isHarmless(cx, call)) return;
  // `ctx.runQuery.bind(ctx)`: what it is bound to is what it belongs to anyway.
  if (args.length === 1 && ts.isCallExpression(call) && isBound(cx, call)) return;
  // Only data reaches another function of the app; an object in the place of ctx would get more.
  const isSent = isFunctionCall(cx, call);
  if (!isSent) visitPutIn(cx, report, call);
  const interesting = args.filter((argument) => {
    // The compiler would work a literal out for what the function takes; its parts are judged where they stand.
    const isLiteral = isSent && ts.isObjectLiteralExpression(argument);
    return (
      !isLiteral && (mayCarry(cx, argument) || isLostView(cx, argument) || givesView(cx, call, argument))
    );
  });
  if (interesting.length === 0) return;
  if (isSent || isData(cx, call.expression)) {
    const to = isSent ? "what another function is called with" : undefined;
    for (const argument of interesting) putInData(cx, report, argument, to);
    return;
  }
  const callee = checker.getTypeAtLocation(call.expression);
  if ((callee.flags & ts.TypeFlags.Any) !== 0 || isFunctionInterface(cx, callee)) {
    for (const argument of interesting) {
      if (carries(cx, typeOfArgument(cx, argument)) || isLostView(cx, argument))
        report.add("no-writer-escape", "untypedCall", argument);
    }
    return;
  }
  const signature = signatureFor(cx, call, interesting);
  if (signature === undefined) return;
  for (const [index, argument] of args.entries()) {
    if (!interesting.includes(argument)) continue;
    const type = typeOfArgument(cx, argument);
    const isView = isLostView(cx, argument);
    const expected = parameterType(cx, signature, index, call);
    const lost =
      (expected === null ? null : (losesWriter(cx, type, expected) ?? losesView(cx, argument, expected))) ??
      losesInUnion(cx, callee, type, index) ??
      losesInGeneric(cx, visitEscape, signature, index, type, isView);
    const passed =
      expected === null || lost !== null
        ? null
        : (losesByParameter(cx, type, expected) ??
          (isOfLanguage(cx, signature) ? null : losesReceiver(cx, type, expected)));
    if (expected !== null && passed === null && hasTypeOfItsOwn(cx, argument))
      visitPackageHandler(cx, report, argument, type, expected);
    // The function gets the writer as any, no matter who may call it.
    // The parts of a literal are judged where they stand.
    if (passed !== null && !isOwn(cx, signature) && hasTypeOfItsOwn(cx, argument)) {
      report.add("no-writer-escape", "escape", argument, { from: shortType(cx, type), to: passed });
      continue;
    }
    const trusted = isTrustedCallee(cx, signature);
    if (isFactory(cx, type) && !trusted) reportEscape(cx, report, argument, "what another function calls");
    else if (lost !== null && (!trusted || isAsked(cx, signature, index)))
      reportEscape(cx, report, argument, lost);
    else if (!trusted && (carries(cx, type) || isView) && givesAny(cx, signature))
      reportEscape(cx, report, argument, "any");
    else if (carries(cx, type) || isView) visitPackageCall(cx, report, argument, signature);
  }
}

/** `Reflect.get(db, key)`: a function of the language that takes the writer and gives back anything of it. */
function givesAny(cx: GuardContext, signature: ts.Signature): boolean {
  if (!isOfLanguage(cx, signature)) return false;
  return isOfStream(signature) || (signature.getReturnType().flags & cx.ts.TypeFlags.Any) !== 0;
}

/** `stream.getWriter().write(db)`: what comes out at the other end may have another type. */
function isOfStream({ declaration }: ts.Signature): boolean {
  const { name } = (declaration?.parent ?? {}) as { readonly name?: ts.Node };
  return (
    name !== undefined && /^(?:Readable|Writable|Transform)\w*(?:Controller|Writer)$/.test(name.getText())
  );
}

function isOfLanguage({ packages }: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  return declaration !== undefined && packages.originOf(declaration.getSourceFile()).kind === "lib";
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

/** Functions of this package take builders apart by themselves. */
function isOwn(cx: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  return declaration !== undefined && cx.packages.originOf(declaration.getSourceFile()).kind === "self";
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
  if (ts.isIdentifier(callee)) return HARMLESS.has(callee.text) && isGlobal(cx, callee);
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  const owner = callee.expression.text;
  const name = `${owner}.${callee.name.text}`;
  if (!HARMLESS.has(name)) return false;
  // A replacer is called with what it replaces.
  const replaces =
    name === "JSON.stringify" &&
    (call.arguments?.length ?? 0) > 1 &&
    call.arguments?.[1]?.kind !== ts.SyntaxKind.NullKeyword;
  return !replaces && isGlobal(cx, callee.expression);
}

function visitBinary(cx: GuardContext, report: Report, node: ts.BinaryExpression): void {
  const { checker } = cx;
  const { SyntaxKind } = cx.ts;
  switch (node.operatorToken.kind) {
    case SyntaxKind.EqualsToken:
    case SyntaxKind.BarBarEqualsToken:
    case SyntaxKind.AmpersandAmpersandEqualsToken:
    case SyntaxKind.QuestionQuestionEqualsToken:
      if (takesRest(cx, node.left) && isLostView(cx, node.right))
        reportEscape(cx, report, node.right, "the rest of what its type shows");
      if (isData(cx, node.left) && mayCarry(cx, node.right)) putInData(cx, report, node.right);
      convert(cx, report, node.right, () => checker.getTypeAtLocation(node.left));
      return;
    case SyntaxKind.InstanceOfKeyword:
      visitInstanceOf(cx, report, node);
      return;
    case SyntaxKind.AmpersandAmpersandToken:
      // What stands left is the result only where it is no object.
      absorb(cx, report, [node.right], () => checker.getTypeAtLocation(node));
      return;
    case SyntaxKind.BarBarToken:
    case SyntaxKind.QuestionQuestionToken: {
      absorb(cx, report, [node.left, node.right], () => checker.getTypeAtLocation(node));
    }
  }
}

/** `({ auth, ...rest } = session)` */
function takesRest({ ts }: GuardContext, pattern: ts.Expression): boolean {
  return (
    ts.isObjectLiteralExpression(pattern) && pattern.properties.some((one) => ts.isSpreadAssignment(one))
  );
}
