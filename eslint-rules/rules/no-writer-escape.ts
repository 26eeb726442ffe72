import type ts from "typescript";
import { carries } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { comparesParameters, losesByParameter, losesWriter, shortType } from "../engine/conversions.js";
import { mayCarry } from "../engine/flows.js";
import { passesCheck } from "../engine/presets.js";
import type { SchemaInfo } from "../engine/model.js";
import { Report } from "../engine/report.js";
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
    "mirrorCall",
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
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    visitMirrorCall(cx, report, node);
    visitCall(cx, report, node);
  } else if (ts.isTaggedTemplateExpression(node)) visitTemplate(cx, report, node);
  else if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
    if (!isConst(cx, node)) convert(cx, report, node.expression, checker.getTypeAtLocation(node));
  } else if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    const isTyped = node.type !== undefined || ts.getJSDocType(node) !== undefined;
    if (node.initializer !== undefined && isTyped)
      convert(cx, report, node.initializer, checker.getTypeAtLocation(node.name));
    if (ts.isParameter(node) && isTyped) visitParameter(cx, report, node);
    if (ts.isPropertyDeclaration(node)) visitMember(cx, report, node);
  } else if (ts.isBindingElement(node)) {
    if (node.initializer !== undefined)
      convert(cx, report, node.initializer, checker.getTypeAtLocation(node.name));
  } else if (ts.isShorthandPropertyAssignment(node)) {
    if (node.objectAssignmentInitializer !== undefined)
      convert(cx, report, node.objectAssignmentInitializer, checker.getTypeAtLocation(node.name));
  } else if (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node)
  ) {
    visitOverloads(cx, report, node);
    if (ts.isMethodDeclaration(node)) visitMember(cx, report, node);
  } else if (ts.isParenthesizedExpression(node)) {
    // In JavaScript, a type in a comment before the parenthesis is an assertion.
    if ((node.flags & ts.NodeFlags.JavaScriptFile) !== 0)
      convert(cx, report, node.expression, checker.getTypeAtLocation(node));
  } else if (ts.isIdentifier(node)) {
    if (node.text === "arguments" && checker.getTypeAtLocation(node).symbol?.name === "IArguments")
      report.add("no-writer-escape", "escape", node, { from: "`arguments`", to: "a list of any" });
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
    if (hasTypeOfItsOwn(cx, node.initializer)) contextual(cx, report, node.initializer);
  } else if (ts.isArrayLiteralExpression(node)) {
    const element = checker.getTypeAtLocation(node).getNumberIndexType();
    if (element !== undefined) for (const one of node.elements) absorb(cx, report, one, element);
  }
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

/** A function with overloads: what its callers see is not what its code gets. */
function visitOverloads(
  cx: GuardContext,
  report: Report,
  fn: ts.FunctionDeclaration | ts.MethodDeclaration | ts.ConstructorDeclaration,
): void {
  const { ts, checker } = cx;
  if (fn.body === undefined) return;
  const declarations: readonly ts.Node[] = ts.isConstructorDeclaration(fn)
    ? fn.parent.members.filter((member) => ts.isConstructorDeclaration(member))
    : ((fn.name && checker.getSymbolAtLocation(fn.name)?.declarations) ?? []);
  const own = checker.getSignatureFromDeclaration(fn);
  if (own === undefined) return;
  for (const other of declarations) {
    if (other === fn || !ts.isFunctionLike(other)) continue;
    const overload = checker.getSignatureFromDeclaration(other);
    const lost = overload === undefined ? null : comparesParameters(cx, overload, own);
    if (lost === null) continue;
    report.add("no-writer-escape", "anyParameter", fn.parameters[0] ?? fn, { to: lost });
    return;
  }
}

/** A member of a class against the same member of what the class extends or implements. */
function visitMember(
  cx: GuardContext,
  report: Report,
  member: ts.MethodDeclaration | ts.PropertyDeclaration,
): void {
  const { ts, checker } = cx;
  if (!ts.isClassLike(member.parent) || !ts.isIdentifier(member.name)) return;
  for (const { types } of member.parent.heritageClauses ?? []) {
    for (const base of types) {
      const property = checker.getTypeAtLocation(base).getProperty(member.name.text);
      if (property === undefined) continue;
      const wanted = checker.getTypeOfSymbol(property);
      const own = checker.getTypeAtLocation(member);
      const lost = losesByParameter(cx, own, wanted) ?? losesWriter(cx, wanted, own);
      if (lost === null) continue;
      report.add("no-writer-escape", "anyParameter", member.name, { to: lost });
      return;
    }
  }
}

function visitTemplate(cx: GuardContext, report: Report, node: ts.TaggedTemplateExpression): void {
  if (!cx.ts.isTemplateExpression(node.template)) return;
  for (const { expression } of node.template.templateSpans) {
    if (carries(cx, cx.checker.getTypeAtLocation(expression)))
      report.add("no-writer-escape", "untypedCall", expression);
  }
}

/**
 * A call that carries the name or an id of a mirror to code that nobody can find: a callee of type any, or of a function
 * type of the app with nothing behind it. The method of a writer may hide there.
 */
function visitMirrorCall(cx: GuardContext, report: Report, call: ts.CallExpression | ts.NewExpression): void {
  const { ts, checker } = cx;
  const args = call.arguments ?? [];
  if (args.length === 0 || ts.isNewExpression(call)) return;
  if (
    call.expression.kind === ts.SyntaxKind.ImportKeyword ||
    call.expression.kind === ts.SyntaxKind.SuperKeyword
  )
    return;
  const callee = checker.getTypeAtLocation(call.expression);
  const isUnknown = (callee.flags & ts.TypeFlags.Any) !== 0 || isFunctionInterface(cx, callee);
  if (!isUnknown && !callee.getCallSignatures().some((signature) => isBodiless(cx, signature))) return;
  const signature = isUnknown ? undefined : checker.getResolvedSignature(call);
  if (signature !== undefined && !isBodiless(cx, signature)) return;
  for (const [index, argument] of args.entries()) {
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
      (expected === null ? null : losesWriter(cx, type, expected)) ??
      losesInGeneric(cx, signature, index, type);
    const passed = expected === null || lost !== null ? null : losesByParameter(cx, type, expected);
    // Whoever is trusted to call the function, its own code gets the writer as any.
    // The parts of a literal are judged where they stand.
    if (passed !== null && !isOwn(cx, signature) && hasTypeOfItsOwn(cx, argument)) {
      report.add("no-writer-escape", "escape", argument, { from: shortType(cx, type), to: passed });
      continue;
    }
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

/** Functions of this package take builders apart by themselves. */
function isOwn(cx: GuardContext, signature: ts.Signature): boolean {
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  return declaration !== undefined && cx.packages.originOf(declaration.getSourceFile()).kind === "self";
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
  if (ts.isIdentifier(callee)) return HARMLESS.has(callee.text) && isGlobal(cx, callee);
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  const owner = callee.expression.text;
  const name = `${owner}.${callee.name.text}`;
  if (owner !== "console" && !HARMLESS.has(name)) return false;
  // A replacer is called with what it replaces.
  const replaces =
    name === "JSON.stringify" &&
    (call.arguments?.length ?? 0) > 1 &&
    call.arguments?.[1]?.kind !== ts.SyntaxKind.NullKeyword;
  return !replaces && isGlobal(cx, callee.expression);
}

/** Whether a name means what the language or the platform declares, not something of the app that is called so. */
function isGlobal(cx: GuardContext, name: ts.Identifier): boolean {
  const symbol = cx.checker.getSymbolAtLocation(name);
  return symbol?.declarations?.every((one) => one.getSourceFile().isDeclarationFile) ?? true;
}

/** The functions with type parameters whose bodies were read, and how they lose what a type parameter stands for. */
const generics = new WeakMap<ts.Node, string | null>();

/**
 * A generic function of the app takes the writer with its type, but its code knows only a type parameter: it loses the
 * writer when its constraint, or its body, does.
 */
function losesInGeneric(
  cx: GuardContext,
  signature: ts.Signature,
  index: number,
  type: ts.Type,
): string | null {
  const { ts, checker } = cx;
  const fn = signature.declaration as ts.SignatureDeclaration | undefined;
  if (fn === undefined || !carries(cx, type) || !cx.packages.isProject(fn.getSourceFile())) return null;
  const owner = ts.isConstructorDeclaration(fn) ? fn.parent : fn;
  const parameter = fn.parameters[Math.min(index, fn.parameters.length - 1)];
  if (owner.typeParameters === undefined || parameter === undefined || !("body" in fn)) return null;
  const declared = checker.getTypeAtLocation(parameter.name);
  const constraint =
    (declared.flags & ts.TypeFlags.Instantiable) === 0 ? declared : checker.getBaseConstraintOfType(declared);
  if (constraint !== undefined && (constraint.flags & ts.TypeFlags.Unknown) === 0) {
    if (carries(cx, constraint)) return null;
    const lost = declared === constraint ? null : losesWriter(cx, type, constraint);
    if (lost !== null) return lost;
  }
  const known = generics.get(owner);
  if (known !== undefined) return known;
  generics.set(owner, null); // a function that calls itself loses what it loses elsewhere
  const standIns = new Set([
    ...cx.standIns,
    ...owner.typeParameters.map((one) => checker.getTypeAtLocation(one)),
  ]);
  const inside: GuardContext = { ...cx, carriers: [], standIns };
  const found = new Report(fn.getSourceFile(), NO_SCHEMA);
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    visitEscape(inside, found, node);
    if (ts.isElementAccessExpression(node) && isChosen(inside, node))
      found.add("no-writer-escape", "anyCall", node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(owner, visit);
  const lost = found.findings.length === 0 ? null : `${shortType(cx, declared)} of a function that loses it`;
  generics.set(owner, lost);
  return lost;
}

/** `target[key]` with a key that is not written there, on what stands for the writer. */
function isChosen(cx: GuardContext, node: ts.ElementAccessExpression): boolean {
  const { ts, checker } = cx;
  if (ts.isStringLiteralLike(node.argumentExpression) || ts.isNumericLiteral(node.argumentExpression))
    return false;
  const receiver = checker.getTypeAtLocation(node.expression);
  return (receiver.flags & ts.TypeFlags.Instantiable) !== 0 && carries(cx, receiver);
}

const NO_SCHEMA: SchemaInfo = {
  file: null,
  tables: new Set(),
  mirrors: new Map(),
  exported: new Set(),
  problem: null,
  component: null,
};

function isFunctionInterface(cx: GuardContext, type: ts.Type): boolean {
  return (type.symbol as ts.Symbol | undefined)?.name === "Function" && type.getCallSignatures().length === 0;
}

/** `(ctx: any) => …` where Convex or a helper passes the writer in. */
function visitParameter(cx: GuardContext, report: Report, parameter: ts.ParameterDeclaration): void {
  const { ts, checker } = cx;
  const fn = parameter.parent;
  if (!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn) && !ts.isMethodDeclaration(fn)) return;
  const expected = ts.isMethodDeclaration(fn) ? methodContext(cx, fn) : checker.getContextualType(fn);
  if (expected === undefined) return;
  const index = fn.parameters.indexOf(parameter);
  const whole = checker.getTypeAtLocation(parameter.name);
  const own = parameter.dotDotDotToken === undefined ? whole : (whole.getNumberIndexType() ?? whole);
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
  return property === undefined
    ? outer?.getStringIndexType()
    : cx.checker.getTypeOfSymbolAtLocation(property, method);
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
  const isAny = (type.flags & cx.ts.TypeFlags.Any) !== 0;
  const callable = isAny || type.getCallSignatures().length > 0;
  if (!callable && !carries(cx, type)) return;
  const expected = cx.checker.getContextualType(expression) ?? returnedType(cx, expression);
  if (expected === undefined) return;
  const lost = losesWriter(cx, type, expected);
  if (lost !== null) escape(cx, report, expression, lost);
  else if (callable) {
    const parameter = losesByParameter(cx, type, expected);
    if (parameter !== null) report.add("no-writer-escape", "anyParameter", expression, { to: parameter });
  }
}

/** What a function without an annotation gives back: another return may have made it any. */
function returnedType(cx: GuardContext, expression: ts.Expression): ts.Type | undefined {
  const { ts, checker } = cx;
  if (!ts.isReturnStatement(expression.parent)) return undefined;
  let fn: ts.Node = expression.parent;
  while (!ts.isFunctionLike(fn)) {
    if (ts.isSourceFile(fn)) return undefined;
    fn = fn.parent;
  }
  const signature = checker.getSignatureFromDeclaration(fn);
  const returned = signature?.getReturnType();
  return returned && (checker.getAwaitedType(returned) ?? returned);
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
