import type ts from "typescript";
import { carries, isFactory, isView, receives } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import {
  blindness,
  comparesParameters,
  gainsWriter,
  losesByParameter,
  losesWriter,
  parameterAt,
  passesForEverything,
  shortType,
} from "../engine/conversions.js";
import { stripAssertions } from "../engine/contracts.js";
import { mayCarry } from "../engine/flows.js";
import { passesCheck } from "../engine/presets.js";
import type { SchemaInfo } from "../engine/model.js";
import { Report } from "../engine/report.js";
import { isTrusted, isTrustedCallee, trustedPackage } from "../engine/trust.js";
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
    "packageFunction",
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
    if (ts.isCallExpression(node)) {
      visitThis(cx, report, node);
      visitReflection(cx, report, node);
      visitChosenModule(cx, report, node);
    }
    visitCall(cx, report, node);
  } else if (ts.isTaggedTemplateExpression(node)) visitTemplate(cx, report, node);
  else if (ts.isTypePredicateNode(node)) visitPredicate(cx, report, node);
  else if (ts.isModuleDeclaration(node)) visitAugmentation(cx, report, node);
  else if (ts.isElementAccessExpression(node)) {
    visitChosenMember(cx, report, node);
    visitKey(cx, report, node.argumentExpression, node.expression, node);
  } else if (ts.isDecorator(node)) visitDecorator(cx, report, node);
  else if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
    if (!isConst(cx, node)) convert(cx, report, node.expression, checker.getTypeAtLocation(node));
  } else if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    const isTyped = node.type !== undefined || ts.getJSDocType(node) !== undefined;
    if (node.initializer !== undefined && isTyped)
      convert(cx, report, node.initializer, checker.getTypeAtLocation(node.name));
    if (ts.isParameter(node) && isTyped) visitParameter(cx, report, node);
    if (ts.isPropertyDeclaration(node)) visitMember(cx, report, node);
  } else if (ts.isBindingElement(node)) {
    if (node.propertyName !== undefined && ts.isComputedPropertyName(node.propertyName))
      visitKey(cx, report, node.propertyName.expression, node.parent, node.name);
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
  } else if (ts.isAccessor(node)) {
    visitMember(cx, report, node);
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
    const lost =
      overload === undefined
        ? null
        : (comparesParameters(cx, overload, own) ??
          losesWriter(cx, own.getReturnType(), overload.getReturnType()));
    if (lost === null) continue;
    report.add("no-writer-escape", "anyParameter", fn.parameters[0] ?? fn, { to: lost });
    return;
  }
}

/** A member of a class against the same member of what the class extends or implements. */
function visitMember(
  cx: GuardContext,
  report: Report,
  member: ts.MethodDeclaration | ts.PropertyDeclaration | ts.AccessorDeclaration,
): void {
  const { ts, checker } = cx;
  if (!ts.isClassLike(member.parent) || !ts.isIdentifier(member.name)) return;
  for (const { types } of member.parent.heritageClauses ?? []) {
    for (const base of types) {
      const property = checker.getTypeAtLocation(base).getProperty(member.name.text);
      if (property === undefined) continue;
      const wanted = checker.getTypeOfSymbol(property);
      const own = checker.getTypeAtLocation(member);
      const lost =
        losesByParameter(cx, own, wanted) ?? losesWriter(cx, wanted, own) ?? losesWriter(cx, own, wanted);
      if (lost === null) continue;
      report.add("no-writer-escape", "anyParameter", member.name, { to: lost });
      return;
    }
  }
}

/** `declare module "convex/server"`: members that are added to the writer's own types have nothing behind them. */
function visitAugmentation(cx: GuardContext, report: Report, module: ts.ModuleDeclaration): void {
  const name = cx.ts.isStringLiteral(module.name)
    ? /^(?:@[^/]+\/)?[^/]+/.exec(module.name.text)?.[0]
    : undefined;
  if (name === undefined || !trustedPackage(name)) return;
  const from = `a type of "${name}"`;
  report.add("no-writer-escape", "escape", module, { from, to: "what is declared here" });
}

/** `fn[key]` with a key that is not written there: it may be the constructor of functions, which makes code. */
function visitChosenMember(cx: GuardContext, report: Report, node: ts.ElementAccessExpression): void {
  const { ts, checker } = cx;
  const key = node.argumentExpression;
  if (ts.isStringLiteralLike(key) || ts.isNumericLiteral(key)) return;
  if (!isFunction(cx, node.expression)) return;
  const type = checker.getTypeAtLocation(key);
  const arms = type.isUnion() ? type.types : [type];
  const isKnown = arms.every(
    (arm) =>
      arm.isStringLiteral() || (arm.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.ESSymbolLike)) !== 0,
  );
  if (!isKnown) report.add("no-raw-syscalls", "dynamicCode", node);
}

/** `ctx[key]` where only a type says that the key is not "db": the value may still be the writer. */
function visitKey(
  cx: GuardContext,
  report: Report,
  key: ts.Expression,
  holder: ts.Node,
  node: ts.Node,
): void {
  const { ts, checker } = cx;
  if (ts.isStringLiteralLike(key) || ts.isNumericLiteral(key) || !hasAssertedType(cx, key)) return;
  const object = checker.getTypeAtLocation(holder);
  if (!carries(cx, object) || carries(cx, checker.getTypeAtLocation(node))) return;
  const from = shortType(cx, object);
  report.add("no-writer-escape", "escape", node, { from, to: `a member that \`${key.getText()}\` names` });
}

/** Whether an assertion or an annotation, and no value, says what a key is. */
function hasAssertedType(cx: GuardContext, key: ts.Expression, depth = 8): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, key);
  if (inner !== key || depth === 0) return true;
  if (ts.isLiteralExpression(inner)) return false;
  if (!ts.isIdentifier(inner)) return true;
  const declaration = checker.getSymbolAtLocation(inner)?.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return true;
  const { initializer, type } = declaration;
  return initializer === undefined || type !== undefined || hasAssertedType(cx, initializer, depth - 1);
}

/** `(value: Auth | DatabaseWriter): value is Auth`: nobody checks what the function says. */
function visitPredicate(cx: GuardContext, report: Report, node: ts.TypePredicateNode): void {
  const { ts, checker } = cx;
  const fn = node.parent;
  if (!ts.isFunctionLike(fn) || !ts.isIdentifier(node.parameterName)) return;
  const { text } = node.parameterName;
  const parameter = fn.parameters.find(({ name }) => ts.isIdentifier(name) && name.text === text);
  if (parameter === undefined) return;
  const type = checker.getTypeAtLocation(parameter);
  if (!carries(cx, type)) return;
  const claimed = node.type === undefined ? null : checker.getTypeAtLocation(node.type);
  const others = (type.isUnion() ? type.types : [type]).filter(
    (arm) => claimed === null || !checker.isTypeAssignableTo(arm, claimed),
  );
  const shown = claimed === null || carries(cx, claimed) ? others : [claimed];
  const hidden = shown.find((arm) => !carries(cx, arm) && !isView(cx, arm));
  if (hidden === undefined) return;
  const data = { from: shortType(cx, type), to: shortType(cx, hidden) };
  report.add("no-writer-escape", "escape", node, data);
}

/** `import(name)`: the bundler cannot follow a module whose name is made at run time, and neither can the guard. */
function visitChosenModule(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const [name] = call.arguments;
  if (call.expression.kind !== cx.ts.SyntaxKind.ImportKeyword || name === undefined) return;
  if (!cx.ts.isStringLiteralLike(name)) report.add("no-raw-syscalls", "dynamicCode", call);
}

/** Functions of the language that read a member by a name that is a value, or the prototype that has it. */
const REFLECTIONS = new Set([
  "get",
  "getOwnPropertyDescriptor",
  "getOwnPropertyDescriptors",
  "getPrototypeOf",
]);

/** `Reflect.get(fn, "constructor")`. */
function visitReflection(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts } = cx;
  const callee = call.expression;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return;
  const [object] = call.arguments;
  if (object === undefined || !REFLECTIONS.has(callee.name.text)) return;
  if (!/^(?:Reflect|Object)$/.test(callee.expression.text) || !isGlobal(cx, callee.expression)) return;
  if (isFunction(cx, object)) report.add("no-raw-syscalls", "dynamicCode", call);
}

/** Whether a value is a function, or was one before it became something else. */
function isFunction(cx: GuardContext, expression: ts.Expression, depth = 5): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (ts.isArrowFunction(inner) || ts.isFunctionExpression(inner) || ts.isClassExpression(inner)) return true;
  const type = checker.getTypeAtLocation(inner);
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) return true;
  if (depth === 0 || !ts.isIdentifier(inner)) return false;
  const declaration = checker.getSymbolAtLocation(inner)?.valueDeclaration;
  return (
    declaration !== undefined &&
    ts.isVariableDeclaration(declaration) &&
    declaration.initializer !== undefined &&
    isFunction(cx, declaration.initializer, depth - 1)
  );
}

/** A decorator puts something else in the place of what gets the writer, or sees what holds it. */
function visitDecorator(cx: GuardContext, report: Report, decorator: ts.Decorator): void {
  const { ts, checker } = cx;
  const owner = decorator.parent;
  const members = ts.isClassLike(owner) ? owner.members : [owner];
  const isConcerned = members.some((member) => {
    const type = checker.getTypeAtLocation(member);
    return receives(cx, type) || carries(cx, type);
  });
  if (!isConcerned) return;
  const signature = checker.getResolvedSignature(decorator);
  if (signature !== undefined && isTrustedCallee(cx, signature)) return;
  const to = "what a decorator puts in its place";
  report.add("no-writer-escape", "anyParameter", decorator, { to });
}

/** `this: any`: what stands before the dot, or is given to `call`, `apply` and `bind`, carries the writer there. */
function visitThis(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const callee = stripAssertions(ts, call.expression);
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  const [first] = call.arguments;
  if (INDIRECT.test(name) && first !== undefined && mayCarry(cx, first)) {
    for (const signature of checker.getTypeAtLocation(callee.expression).getCallSignatures())
      loseAsThis(cx, report, first, signature);
  }
  if (INDIRECT.test(name)) {
    if (
      first !== undefined &&
      callsLanguage(cx, callee.expression) &&
      carries(cx, checker.getTypeAtLocation(first))
    )
      escape(cx, report, first, `\`this\` of ${callee.expression.getText()}`);
    if (isFactory(cx, checker.getTypeAtLocation(callee.expression)))
      escape(cx, report, callee.expression, `what \`${name}\` calls`);
    visitIndirectCall(cx, report, callee.expression, name, call.arguments.slice(1));
    return;
  }
  if (!mayCarry(cx, callee.expression)) return;
  const signature = checker.getResolvedSignature(call);
  if (signature !== undefined && thisOf(cx, signature) !== undefined)
    loseAsThis(cx, report, callee.expression, signature);
}

/** A function of the language that gives out parts of its `this`: `Array.prototype.map`. */
function callsLanguage(cx: GuardContext, fn: ts.Expression): boolean {
  const { ts, checker } = cx;
  const primitive = ts.TypeFlags.StringLike | ts.TypeFlags.BooleanLike | ts.TypeFlags.NumberLike;
  return checker
    .getTypeAtLocation(fn)
    .getCallSignatures()
    .some((signature) => {
      const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
      return (
        declaration !== undefined &&
        cx.packages.originOf(declaration.getSourceFile()).kind === "lib" &&
        (signature.getReturnType().flags & primitive) === 0
      );
    });
}

const INDIRECT = /^(?:call|apply|bind)$/;

/** `fn.call(null, ctx)`: the compiler takes the types of the arguments for those of the function's parameters. */
function visitIndirectCall(
  cx: GuardContext,
  report: Report,
  fn: ts.Expression,
  name: string,
  args: readonly ts.Expression[],
): void {
  const { ts, checker } = cx;
  const [list] = args;
  const isWritten = name !== "apply" || (list !== undefined && ts.isArrayLiteralExpression(list));
  const given = name !== "apply" ? args : isWritten ? (list as ts.ArrayLiteralExpression).elements : [];
  const signatures = checker.getTypeAtLocation(fn).getCallSignatures();
  for (const [index, argument] of given.entries()) {
    if (!mayCarry(cx, argument)) continue;
    const type = checker.getTypeAtLocation(argument);
    for (const signature of signatures) {
      const expected = parameterAt(cx, signature, index);
      const lost = expected && (losesWriter(cx, type, expected) ?? losesByParameter(cx, type, expected));
      if (lost !== null) escape(cx, report, argument, lost);
    }
  }
  if (!isWritten && list !== undefined && carries(cx, checker.getTypeAtLocation(list)))
    escape(cx, report, list, "a list of any");
}

function loseAsThis(cx: GuardContext, report: Report, value: ts.Expression, signature: ts.Signature): void {
  const { ts, checker } = cx;
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  // An arrow function has the `this` of where it stands; functions of libraries are judged as callees.
  if (declaration === undefined || ts.isArrowFunction(declaration)) return;
  if (!cx.packages.isProject(declaration.getSourceFile())) return;
  const type = checker.getTypeAtLocation(value);
  const expected = thisOf(cx, signature);
  const lost =
    expected === undefined ? (carries(cx, type) ? "`this`" : null) : losesWriter(cx, type, expected);
  if (lost !== null) escape(cx, report, value, lost);
}

/** The declared type of `this` in a function. */
function thisOf(cx: GuardContext, signature: ts.Signature): ts.Type | undefined {
  // The compiler keeps it beside the parameters, and offers no function for it.
  const { thisParameter } = signature as ts.Signature & { readonly thisParameter?: ts.Symbol };
  return thisParameter && cx.checker.getTypeOfSymbol(thisParameter);
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
  visitPutIn(cx, report, call);
  const interesting = args.filter((argument) => mayCarry(cx, argument) || isLostView(cx, argument));
  if (interesting.length === 0 || isHarmless(cx, call)) return;
  const callee = checker.getTypeAtLocation(call.expression);
  if ((callee.flags & ts.TypeFlags.Any) !== 0 || isFunctionInterface(cx, callee)) {
    for (const argument of interesting) {
      if (carries(cx, checker.getTypeAtLocation(argument)) || isLostView(cx, argument))
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
      (expected === null ? null : (losesWriter(cx, type, expected) ?? losesView(cx, argument, expected))) ??
      losesInGeneric(cx, signature, index, type);
    const passed = expected === null || lost !== null ? null : losesByParameter(cx, type, expected);
    if (expected !== null && passed === null && hasTypeOfItsOwn(cx, argument))
      visitPackageHandler(cx, report, argument, type, expected);
    // The function gets the writer as any, no matter who may call it.
    // The parts of a literal are judged where they stand.
    if (passed !== null && !isOwn(cx, signature) && hasTypeOfItsOwn(cx, argument)) {
      report.add("no-writer-escape", "escape", argument, { from: shortType(cx, type), to: passed });
      continue;
    }
    const trusted = isTrustedCallee(cx, signature);
    if (isFactory(cx, type) && !trusted) escape(cx, report, argument, "what another function calls");
    else if (lost !== null && !trusted) escape(cx, report, argument, lost);
    else if (!trusted && carries(cx, type) && givesAny(cx, signature)) escape(cx, report, argument, "any");
    else if (carries(cx, type)) visitPackageCall(cx, report, argument, signature);
  }
}

/** An argument without the writer that the callee, or `Object.assign`, puts the writer into. */
function visitPutIn(cx: GuardContext, report: Report, call: ts.CallExpression | ts.NewExpression): void {
  const { ts, checker } = cx;
  const args = call.arguments ?? [];
  if (!args.some((argument) => isPlainName(cx, argument))) return;
  const callee = call.expression;
  const isAssign =
    ts.isPropertyAccessExpression(callee) &&
    callee.getText() === "Object.assign" &&
    ts.isIdentifier(callee.expression) &&
    isGlobal(cx, callee.expression);
  if (isAssign) {
    const [object, ...others] = args;
    if (object === undefined || !isPlainName(cx, object) || !others.some((one) => mayCarry(cx, one))) return;
    const type = checker.getTypeAtLocation(object);
    const given = others.find((one) => carries(cx, checker.getTypeAtLocation(one)));
    if (given !== undefined && !carries(cx, type)) escape(cx, report, given, shortType(cx, type));
    return;
  }
  if ((checker.getTypeAtLocation(callee).flags & ts.TypeFlags.Any) !== 0) return;
  const signature = checker.getResolvedSignature(call);
  if (signature === undefined) return;
  for (const [index, argument] of args.entries()) {
    if (!isPlainName(cx, argument)) continue;
    const expected = parameterType(cx, signature, index, call);
    const lost = expected === null ? null : putsWriterIn(cx, argument, expected);
    if (lost !== null) escape(cx, report, argument, lost);
  }
}

function isPlainName({ ts }: GuardContext, expression: ts.Expression): boolean {
  const inner = stripAssertions(ts, expression);
  return (
    ts.isIdentifier(inner) || ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner)
  );
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
  const called = signature.declaration as ts.SignatureDeclaration | undefined;
  if (called === undefined || !carries(cx, type) || !cx.packages.isProject(called.getSourceFile()))
    return null;
  const fn = implementationOf(cx, called);
  const owner = ts.isConstructorDeclaration(fn) ? fn.parent : fn;
  const parameter = fn.parameters[Math.min(index, fn.parameters.length - 1)];
  const typeParameters = typeParametersAround(cx, fn);
  if (parameter === undefined || !("body" in fn)) return null;
  if (fn !== called) {
    const lost = losesWriter(cx, type, checker.getTypeAtLocation(parameter.name));
    if (lost !== null) return lost;
  }
  if (typeParameters.length === 0) return null;
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
  const standIns = new Set([...cx.standIns, ...typeParameters.map((one) => checker.getTypeAtLocation(one))]);
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

/** The code behind an overload. */
function implementationOf(
  { ts, checker }: GuardContext,
  fn: ts.SignatureDeclaration,
): ts.SignatureDeclaration {
  if (("body" in fn && fn.body !== undefined) || fn.name === undefined) return fn;
  const others = checker.getSymbolAtLocation(fn.name)?.declarations ?? [];
  const found = others.find((one) => ts.isFunctionLike(one) && "body" in one && one.body !== undefined);
  return (found as ts.SignatureDeclaration | undefined) ?? fn;
}

/** The type parameters of a function, and those of its class. */
function typeParametersAround(
  { ts }: GuardContext,
  fn: ts.SignatureDeclaration,
): readonly ts.TypeParameterDeclaration[] {
  const around = ts.isClassLike(fn.parent) ? (fn.parent.typeParameters ?? []) : [];
  return [...(fn.typeParameters ?? []), ...around];
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
    case SyntaxKind.InstanceOfKeyword:
      visitInstanceOf(cx, report, node);
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

/** `value instanceof K` where the class decides by itself what its instances are. */
function visitInstanceOf(cx: GuardContext, report: Report, { left, right }: ts.BinaryExpression): void {
  if (!carries(cx, cx.checker.getTypeAtLocation(left))) return;
  const decides = cx.checker
    .getTypeAtLocation(right)
    .getProperties()
    .some(
      ({ escapedName, declarations }) =>
        escapedName.toString().startsWith("__@hasInstance") &&
        declarations?.some((one) => !one.getSourceFile().isDeclarationFile),
    );
  if (decides) escape(cx, report, left, `what \`${right.getText()}\` takes for its own`);
}

/** An arm of a conditional or an element of a list whose other arms make the complete expression `any` or `unknown`. */
function absorb(cx: GuardContext, report: Report, arm: ts.Expression, whole: ts.Type): void {
  if ((whole.flags & (cx.ts.TypeFlags.Any | cx.ts.TypeFlags.Unknown)) !== 0) convert(cx, report, arm, whole);
}

function contextual(cx: GuardContext, report: Report, expression: ts.Expression): void {
  const type = cx.checker.getTypeAtLocation(expression);
  const callable = passesForEverything(cx, type) || type.getCallSignatures().length > 0;
  if (!callable && !carries(cx, type)) return;
  const expected = cx.checker.getContextualType(expression) ?? returnedType(cx, expression);
  if (expected === undefined) return;
  const lost = losesWriter(cx, type, expected);
  if (lost !== null) escape(cx, report, expression, lost);
  else if (callable) {
    const parameter = losesByParameter(cx, type, expected);
    if (parameter === null) visitPackageHandler(cx, report, expression, type, expected);
    if (parameter !== null) report.add("no-writer-escape", "anyParameter", expression, { to: parameter });
  }
}

/** A function of a package where the writer is passed in. */
function visitPackageHandler(
  cx: GuardContext,
  report: Report,
  expression: ts.Expression,
  type: ts.Type,
  expected: ts.Type,
): void {
  for (const { declaration } of type.getCallSignatures()) {
    const origin = declaration && cx.packages.originOf(declaration.getSourceFile());
    if (declaration === undefined || origin?.kind !== "package") continue;
    if (trustedPackage(origin.name) || isTrusted(cx, declaration)) continue;
    const arms = expected.isUnion() ? expected.types : [expected];
    if (!arms.some((arm) => receives(cx, arm))) return;
    const name = expression.getText(report.file);
    report.add("no-writer-escape", "untrustedPackage", expression, { package: origin.name, name });
    return;
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
  const lost =
    losesWriter(cx, type, target) ??
    losesByParameter(cx, type, target) ??
    losesView(cx, expression, target) ??
    losesByAssertion(cx, expression, target) ??
    putsWriterIn(cx, expression, target);
  if (lost !== null) escape(cx, report, expression, lost);
}

/** `fn as unknown as (ctx: MutationCtx) => …`: what the function takes is seen below the assertions. */
function losesByAssertion(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const inner = stripAssertions(cx.ts, expression);
  return inner === expression ? null : losesByParameter(cx, cx.checker.getTypeAtLocation(inner), target);
}

/** A value with a name of its own that is used as something the writer can be put into. */
function putsWriterIn(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const { ts, checker } = cx;
  if (!isPlainName(cx, expression) || !carries(cx, target)) return null;
  return gainsWriter(cx, checker.getTypeAtLocation(stripAssertions(ts, expression)), target);
}

/** What becomes of a value that may be the writer although its type shows only a part of it; see `isView`. */
function losesView(cx: GuardContext, expression: ts.Expression, target: ts.Type): string | null {
  const lost = blindness(cx, target);
  return lost !== null && isLostView(cx, expression) ? lost : null;
}

/** A name, or a part of one, that is annotated with a view of the writer: who gave the value may have had the writer. */
function isLostView(cx: GuardContext, expression: ts.Expression): boolean {
  const { ts } = cx;
  const inner = stripAssertions(ts, expression);
  if (!ts.isIdentifier(inner) && !ts.isPropertyAccessExpression(inner)) return false;
  return isView(cx, cx.checker.getTypeAtLocation(inner)) && isAnnotated(cx, inner);
}

/** Whether an annotation says what a name is. A parameter without one has exactly the type of what Convex gives it. */
function isAnnotated(cx: GuardContext, expression: ts.Expression, depth = 8): boolean {
  const { ts, checker } = cx;
  const inner = stripAssertions(ts, expression);
  if (depth === 0 || (inner !== expression && !ts.isParenthesizedExpression(expression))) return true;
  if (ts.isPropertyAccessExpression(inner) && inner.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return isAnnotated(cx, inner.expression, depth - 1);
  const symbol = checker.getSymbolAtLocation(inner);
  let declaration: ts.Node | undefined = symbol?.valueDeclaration;
  while (declaration !== undefined && ts.isBindingElement(declaration))
    declaration = declaration.parent.parent;
  if (declaration === undefined) return false;
  if (!ts.isVariableDeclaration(declaration) && !ts.isParameter(declaration))
    return ts.isPropertyDeclaration(declaration) && declaration.type !== undefined;
  if (declaration.type !== undefined || ts.getJSDocType(declaration) !== undefined) return true;
  return declaration.initializer !== undefined && isAnnotated(cx, declaration.initializer, depth - 1);
}

function escape(cx: GuardContext, report: Report, node: ts.Node, to: string): void {
  const from = shortType(cx, cx.checker.getTypeAtLocation(node));
  report.add("no-writer-escape", "escape", node, { from, to });
}

function isConst(cx: GuardContext, node: ts.AsExpression | ts.TypeAssertion): boolean {
  return cx.ts.isTypeReferenceNode(node.type) && node.type.typeName.getText() === "const";
}
