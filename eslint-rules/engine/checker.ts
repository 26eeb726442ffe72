/** The types of expressions, asked for so that the compiler works out as few as it can. */
import type ts from "typescript";
import type { TypeScript } from "./model.js";
import type { PackageIndex } from "./packages.js";

/** The types of Convex's builders. */
const BUILDERS = ["QueryBuilder", "MutationBuilder", "ActionBuilder", "HttpActionBuilder"] as const;

export type Builder = (typeof BUILDERS)[number];

/** Which builder of Convex a function is, by the type that it is declared with: a name says nothing. */
export function builderOf(packages: PackageIndex, { aliasSymbol }: ts.Type): Builder | null {
  if (!packages.isOfConvex(aliasSymbol?.declarations?.[0])) return null;
  return BUILDERS.find((one) => one === aliasSymbol?.name) ?? null;
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
  return isWrittenWithout(
    typescript,
    (declaration as ts.SignatureDeclaration | undefined)?.type,
    typeParameters,
  );
}

/** Whether a type is written out and mentions none of these type parameters. */
function isWrittenWithout(
  typescript: TypeScript,
  written: ts.TypeNode | undefined,
  typeParameters: readonly ts.TypeParameter[],
): boolean {
  const names = new Set(typeParameters.map(({ symbol }) => symbol.name));
  const mentions = (node: ts.Node): boolean =>
    node.kind === typescript.SyntaxKind.ThisType ||
    (typescript.isIdentifier(node) && names.has(node.text)) ||
    (typescript.forEachChild(node, (child) => mentions(child) || undefined) ?? false);
  return written !== undefined && !mentions(written);
}

/** Whether the type of a parameter is written out and mentions none of these type parameters: no call changes it. */
export function isDeclaredWithout(
  typescript: TypeScript,
  { valueDeclaration }: ts.Symbol,
  typeParameters: readonly ts.TypeParameter[],
): boolean {
  return (
    valueDeclaration !== undefined &&
    typescript.isParameter(valueDeclaration) &&
    valueDeclaration.dotDotDotToken === undefined &&
    isWrittenWithout(typescript, valueDeclaration.type, typeParameters)
  );
}

/** The call that a function is the handler of, `mutation({ handler })` or `mutation(handler)`, and which of the two. */
export function registrationOf(
  typescript: TypeScript,
  handler: ts.Node,
): { call: ts.CallExpression; isProperty: boolean } | null {
  const property = handler.parent;
  const isNamed = typescript.isPropertyAssignment(property) && property.name.getText() === "handler";
  const isMethod = typescript.isMethodDeclaration(handler) && handler.name.getText() === "handler";
  const definition = isNamed ? property.parent : isMethod ? property : handler;
  const call = definition.parent;
  if (!typescript.isCallExpression(call) || call.arguments[0] !== definition) return null;
  return { call, isProperty: isNamed || isMethod };
}

/** `name` in `x.name`: the compiler would work out what x is. */
function isNameOfMember(typescript: TypeScript, name: ts.Identifier): boolean {
  return typescript.isPropertyAccessExpression(name.parent) && name.parent.name === name;
}

/** Whether nothing but where its function is used says what a parameter is. */
function isPlain(
  typescript: TypeScript,
  { name, type, initializer, dotDotDotToken, flags }: ts.ParameterDeclaration,
): boolean {
  return (
    typescript.isIdentifier(name) &&
    type === undefined &&
    initializer === undefined &&
    dotDotDotToken === undefined &&
    (flags & typescript.NodeFlags.JavaScriptFile) === 0
  );
}

/** Whether a name is there only once. */
function isNamedOnce(typescript: TypeScript, body: ts.Node, name: string): boolean {
  let times = 0;
  const visit = (node: ts.Node): void => {
    if (typescript.isIdentifier(node) && node.text === name) times += 1;
    typescript.forEachChild(node, visit);
  };
  visit(body);
  return times === 1;
}

/**
 * A checker that works the type of each node out once: the compiler does it again at each call, for a chain of members
 * from its beginning, and many checks ask about the same node. Where a function has one signature, or gives back the
 * same by each, it does not ask for the types of the arguments: they lead to those of the whole app. The `ctx` of a
 * handler has the type that its builder says, whatever a check narrows it to: for the narrowed type, the compiler first
 * infers what the handler gives back.
 */
export function remembering(
  typescript: TypeScript,
  checker: ts.TypeChecker,
  packages: PackageIndex,
): ts.TypeChecker {
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
  const memberOf = (type: ts.Type, name: string): ts.Type | null => {
    const member = checker.getPropertyOfType(type, name);
    return member === undefined ? null : checker.getTypeOfSymbol(member);
  };
  const contexts = new WeakMap<ts.ParameterDeclaration, ts.Type | null>();
  /** What a builder gives a handler as this parameter; null when it is no `ctx`. */
  const ctxOf = (symbol: ts.Symbol | undefined): ts.Type | null => {
    const parameter = symbol?.valueDeclaration;
    if (parameter === undefined || !typescript.isParameter(parameter) || !isPlain(typescript, parameter))
      return null;
    let type = contexts.get(parameter);
    if (type === undefined) contexts.set(parameter, (type = givenTo(parameter)));
    return type;
  };
  const givenTo = (parameter: ts.ParameterDeclaration): ts.Type | null => {
    const registration = registrationOf(typescript, parameter.parent);
    if (registration === null || parameter.parent.parameters[0] !== parameter) return null;
    const builder = getTypeAtLocation(registration.call.expression);
    const [signature, ...overloads] = builder.getCallSignatures();
    const [definition] = signature?.parameters ?? [];
    const isOfConvex = builderOf(packages, builder) !== null;
    if (definition === undefined || (!isOfConvex && overloads.length > 0)) return null;
    const type = checker.getTypeOfSymbol(definition);
    const arms = type.isUnion() ? type.types : [type];
    const handlers = registration.isProperty ? arms.flatMap((one) => memberOf(one, "handler") ?? []) : arms;
    const given = handlers
      .flatMap((one) => one.getCallSignatures())
      .flatMap(({ parameters: [first] }) => first ?? []);
    // Another builder may infer it from the handler.
    if (
      !isOfConvex &&
      !given.every((one) => isDeclaredWithout(typescript, one, signature?.typeParameters ?? []))
    )
      return null;
    const [ctx, ...others] = new Set(given.map((one) => checker.getTypeOfSymbol(one)));
    return others.length > 0 ? null : (ctx ?? null);
  };
  /** `{ name }` is the value of that name. */
  const shortenedBy = ({ parent }: ts.Node): ts.Symbol | undefined =>
    typescript.isShorthandPropertyAssignment(parent) && parent.objectAssignmentInitializer === undefined
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : undefined;
  const ctxTypeOf = (node: ts.Node): ts.Type | null =>
    typescript.isIdentifier(node) && !isNameOfMember(typescript, node)
      ? ctxOf(shortenedBy(node) ?? checker.getSymbolAtLocation(node))
      : null;
  /** Whether no check narrows a value: what a call gives back, what is named once, and their members; for `ctx`, see above. */
  const isNotNarrowed = (node: ts.Expression): boolean => {
    if (
      typescript.isPropertyAccessExpression(node) ||
      typescript.isParenthesizedExpression(node) ||
      typescript.isAwaitExpression(node)
    )
      return isNotNarrowed(node.expression);
    return (
      typescript.isCallExpression(node) ||
      typescript.isNewExpression(node) ||
      ctxTypeOf(node) !== null ||
      parameterTypeOf(node) !== null
    );
  };
  const symbolOfMember = (node: ts.Node): ts.Symbol | undefined =>
    typescript.isPropertyAccessExpression(node) &&
    (node.flags & typescript.NodeFlags.OptionalChain) === 0 &&
    isNotNarrowed(node.expression)
      ? checker.getPropertyOfType(getTypeAtLocation(node.expression), node.name.text)
      : undefined;
  const typeOf = (node: ts.Node): ts.Type => {
    const ctx = ctxTypeOf(node) ?? parameterTypeOf(node);
    if (ctx !== null) return ctx;
    const member = symbolOfMember(node);
    const type = member && checker.getTypeOfSymbol(member);
    // What may be missing is narrowed before it is used.
    if (type?.isUnion() === false) return type;
    // The compiler would work out the condition, too.
    if (typescript.isConditionalExpression(node)) {
      const arms = [node.whenTrue, node.whenFalse].filter(
        (one) => one.kind !== typescript.SyntaxKind.NullKeyword,
      );
      const [arm, ...others] = new Set(arms.map(getTypeAtLocation));
      if (arm !== undefined && others.length === 0) return arm;
    }
    const isCall = typescript.isCallExpression(node) || typescript.isNewExpression(node);
    const result =
      isCall && (node.flags & typescript.NodeFlags.OptionalChain) === 0
        ? sameResult(typescript, signaturesOf(node))
        : null;
    if (result !== null) return result;
    if (typescript.isAwaitExpression(node)) {
      const awaited = checker.getAwaitedType(getTypeAtLocation(node.expression));
      if (awaited !== undefined) return awaited;
    }
    // The compiler would ask what the object is for.
    const value = shortenedBy(node);
    return value === undefined
      ? checker.getTypeAtLocation(node)
      : checker.getTypeOfSymbolAtLocation(value, node);
  };
  const getResolvedSignature: ts.TypeChecker["getResolvedSignature"] = (call, ...others) =>
    (typescript.isCallExpression(call) || typescript.isNewExpression(call)
      ? onlyOne(signaturesOf(call))
      : null) ?? checker.getResolvedSignature(call, ...others);
  /** What a function whose one signature says it takes as an argument, or as a part of a literal there. */
  const expectedOf = (node: ts.Node): ts.Type | null => {
    const { parent } = node;
    if (typescript.isPropertyAssignment(parent) || typescript.isShorthandPropertyAssignment(parent)) {
      const { name } = parent;
      const isNamed = typescript.isIdentifier(name) || typescript.isStringLiteral(name);
      const holder = isNamed ? expectedOf(parent.parent) : null;
      return isNamed && holder?.isUnion() === false ? memberOf(holder, name.text) : null;
    }
    if (!typescript.isCallExpression(parent) || parent.arguments.some(typescript.isSpreadElement))
      return null;
    const [signature, ...others] = signaturesOf(parent);
    const parameter = signature?.parameters[parent.arguments.indexOf(node as ts.Expression)];
    return parameter !== undefined &&
      others.length === 0 &&
      isDeclaredWithout(typescript, parameter, signature?.typeParameters ?? [])
      ? checker.getTypeOfSymbol(parameter)
      : null;
  };
  /** What a function says that takes another one: what it passes to that as this parameter. */
  const passedAs = (symbol: ts.Symbol | undefined): ts.Type | null => {
    const parameter = symbol?.valueDeclaration;
    if (parameter === undefined || !typescript.isParameter(parameter) || !isPlain(typescript, parameter))
      return null;
    const { parent: fn } = parameter;
    if (!typescript.isArrowFunction(fn) && !typescript.isFunctionExpression(fn)) return null;
    const signature = onlyOne(expectedOf(fn)?.getCallSignatures() ?? []);
    const passed = signature?.parameters[fn.parameters.indexOf(parameter)];
    return passed !== undefined && isDeclaredWithout(typescript, passed, [])
      ? checker.getTypeOfSymbol(passed)
      : null;
  };
  /** The type of a parameter that no check narrows: its name is there once. */
  const parameterTypeOf = (node: ts.Node): ts.Type | null => {
    if (!typescript.isIdentifier(node) || isNameOfMember(typescript, node)) return null;
    const symbol = checker.getSymbolAtLocation(node);
    const fn = symbol?.valueDeclaration?.parent;
    return fn !== undefined && typescript.isArrowFunction(fn) && isNamedOnce(typescript, fn.body, node.text)
      ? passedAs(symbol)
      : null;
  };
  const getContextualType: ts.TypeChecker["getContextualType"] = (node, ...others) =>
    expectedOf(node) ?? checker.getContextualType(node, ...others);
  const getSymbolAtLocation = (node: ts.Node): ts.Symbol | undefined =>
    symbolOfMember(node) ?? checker.getSymbolAtLocation(node);
  const getTypeOfSymbol = (symbol: ts.Symbol): ts.Type =>
    ctxOf(symbol) ?? passedAs(symbol) ?? checker.getTypeOfSymbol(symbol);
  return {
    ...checker,
    getTypeAtLocation,
    getContextualType,
    getSymbolAtLocation,
    getTypeOfSymbol,
    getResolvedSignature,
  };
}
