import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { tableOfArgument } from "./data.js";
import { WRITER_NAME } from "./members.js";
import { isOfReader, OF_QUERY, TO_DOCUMENT, TO_LIST } from "./reads.js";
import { assignmentsTo, calledBy, callersOf, declarationOf } from "./references.js";

/**
 * Where a value came from. Real apps have helpers with `ctx: any`; in them the text still says that a document was read
 * from `ctx.db.query("users")`, and so whose id it carries. This is less than a proof, since what is `any` may be
 * anything: the strict preset still requires the table's name in such a write.
 *
 * Where nothing on the way has type any, the text says what the type does, and costs nothing: for the type of an argument,
 * the compiler infers the whole handler.
 */

/** The tables that may be meant; null when the text does not say. Nothing at all (`null`) is the empty set. */
type Tables = ReadonlySet<string> | null;

/** The tables of an id by its type, where it has one. */
type TypedId = (type: ts.Type) => readonly string[] | null;

/** How many steps are taken back; code that needs more is not understood by its readers either. */
const MAX_STEPS = 20;

/** What is traced: the name of a table, an id, its document, a list of either, the result of `paginate`, a query. */
type Kind = "name" | "id" | "ids" | "document" | "list" | "pages" | "query";

/** The tables of a name or an id whose type says nothing, or null. */
export function tablesByOrigin(
  cx: GuardContext,
  expression: ts.Expression,
  kind: "name" | "id",
  typed: TypedId,
): readonly string[] | null {
  const tables = new Tracer(cx, typed).trace(expression, kind, 0);
  return tables === null || tables.size === 0 ? null : [...tables];
}

/** The one table of an id that Convex's reader or an argument's validator gives, or null; asks for no type of a value. */
export function tableInCode(cx: GuardContext, id: ts.Expression): string | null {
  const [table, ...others] = new Tracer(cx, null).trace(id, "id", 0) ?? [];
  return others.length > 0 ? null : (table ?? null);
}

const OF_LIST = new Set(["filter", "slice", "sort", "toSorted", "reverse", "toReversed"]);
const ELEMENT_OF_LIST = new Set(["find", "findLast", "at", "pop", "shift"]);
/** Methods of lists whose callback gets an element first. */
const CALLBACKS = new Set(["map", "forEach", "filter", "flatMap", "some", "every", "find"]);

class Tracer {
  /** Declarations on the way, so that a variable that is made from itself ends the search. */
  private readonly underway = new Set<ts.Node>();

  constructor(
    private readonly cx: GuardContext,
    /** Null: everything stands in the code, with no assertion or annotation on the way. */
    private readonly typed: TypedId | null,
  ) {}

  trace(whole: ts.Expression, kind: Kind, step: number): Tables {
    const { ts } = this.cx;
    if (step > MAX_STEPS) return null;
    let expression = this.below(whole);
    while (ts.isAwaitExpression(expression)) expression = this.below(expression.expression);
    if (isNothing(this.cx, expression)) return new Set();
    const known = this.byType(expression, kind);
    if (known !== null) return known;
    const next = (inner: ts.Expression, as: Kind = kind) => this.trace(inner, as, step + 1);
    if (ts.isConditionalExpression(expression))
      return union(next(expression.whenTrue), next(expression.whenFalse));
    if (ts.isBinaryExpression(expression)) {
      const { kind: operator } = expression.operatorToken;
      if (operator === ts.SyntaxKind.QuestionQuestionToken || operator === ts.SyntaxKind.BarBarToken)
        return union(next(expression.left), next(expression.right));
      return null;
    }
    if (ts.isIdentifier(expression)) return this.ofName(expression, kind, step);
    if (ts.isElementAccessExpression(expression)) {
      if (kind === "name") return this.ofValues(expression.expression);
      const list = listOf(kind);
      return list && next(expression.expression, list);
    }
    if (ts.isPropertyAccessExpression(expression)) {
      if (kind === "name") return this.ofValues(expression.expression);
      const holder = holderOf(kind, expression.name.text);
      const { expression: of, name } = expression;
      const declared = ts.isIdentifier(of) ? declarationOf(this.cx, of) : null;
      return this.ofArgument(declared, name.text, kind) ?? (holder && next(of, holder));
    }
    return ts.isCallExpression(expression) ? this.ofCall(expression, kind, step) : null;
  }

  /** An expression without its assertions, where these may be there. */
  private below(expression: ts.Expression): ts.Expression {
    const { ts } = this.cx;
    if (this.typed !== null) return stripAssertions(ts, expression);
    let inner = expression;
    while (ts.isParenthesizedExpression(inner) || ts.isNonNullExpression(inner)) inner = inner.expression;
    return inner;
  }

  /** Where the checker does know the type, it is asked first. */
  private byType(expression: ts.Expression, kind: Kind): Tables {
    const { ts, checker } = this.cx;
    if (this.typed === null)
      return kind === "name" && ts.isStringLiteralLike(expression) ? new Set([expression.text]) : null;
    if (kind === "query" || kind === "pages") return null;
    if (kind === "name") return this.literals(checker.getTypeAtLocation(expression));
    let type: ts.Type | undefined = checker.getTypeAtLocation(expression);
    if ((type.flags & ts.TypeFlags.Any) !== 0) return null;
    if (kind === "list" || kind === "ids") type = type.getNumberIndexType();
    if (kind === "list" || kind === "document") {
      const id: ts.Symbol | undefined = type && checker.getNonNullableType(type).getProperty("_id");
      type = id && checker.getTypeOfSymbol(id);
    }
    const tables = type && this.typed(type);
    return tables === null || tables === undefined ? null : new Set(tables);
  }

  private literals(type: ts.Type): Tables {
    const arms = type.isUnion() ? type.types : [type];
    return arms.every((arm) => arm.isStringLiteral()) ? new Set(arms.map(({ value }) => value)) : null;
  }

  /** `TABLES[kind]`: any of the strings in a constant object. */
  private ofValues(expression: ts.Expression): Tables {
    const { ts } = this.cx;
    const name = stripAssertions(ts, expression);
    const declaration = ts.isIdentifier(name) ? declarationOf(this.cx, name) : null;
    if (declaration === null || !ts.isVariableDeclaration(declaration)) return null;
    if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) === 0) return null;
    const value = declaration.initializer && stripAssertions(ts, declaration.initializer);
    if (value === undefined || !ts.isObjectLiteralExpression(value)) return null;
    let tables: Tables = new Set();
    for (const property of value.properties) {
      const text = ts.isPropertyAssignment(property) ? stripAssertions(ts, property.initializer) : undefined;
      tables = union(tables, text && ts.isStringLiteralLike(text) ? new Set([text.text]) : null);
    }
    return tables;
  }

  private ofCall(call: ts.CallExpression, kind: Kind, step: number): Tables {
    const callee = stripAssertions(this.cx.ts, call.expression);
    const method = this.cx.ts.isPropertyAccessExpression(callee)
      ? this.ofMethod(callee, call.arguments, kind, step)
      : null;
    return method ?? this.ofReturns(call, kind, step);
  }

  private ofMethod(
    callee: ts.PropertyAccessExpression,
    args: readonly ts.Expression[],
    kind: Kind,
    step: number,
  ): Tables {
    const { text } = callee.name;
    const [first] = args;
    const receiver = (as: Kind) => this.trace(callee.expression, as, step + 1);
    switch (kind) {
      case "name":
        return null;
      case "query":
        if (OF_QUERY.has(text)) return receiver("query");
        return text === "query" ? this.named(callee, first, step) : null;
      case "pages":
        return text === "paginate" ? receiver("query") : null;
      case "id":
        return text === "insert" ? this.named(callee, first, step) : null;
      case "ids":
        return OF_LIST.has(text) ? receiver("ids") : null;
      case "list":
        if (TO_LIST.has(text)) return receiver("query");
        return OF_LIST.has(text) ? receiver("list") : null;
      case "document":
        if (TO_DOCUMENT.has(text)) return receiver("query");
        if (ELEMENT_OF_LIST.has(text)) return receiver("list");
        if (text !== "get" || first === undefined || !this.isOfDatabase(callee)) return null;
        return args.length > 1 ? this.named(callee, first, step) : this.trace(first, "id", step + 1);
    }
  }

  /** The table that is named to something which is, or may be, the database. */
  private named(callee: ts.PropertyAccessExpression, name: ts.Expression | undefined, step: number): Tables {
    return name !== undefined && this.isOfDatabase(callee) ? this.trace(name, "name", step + 1) : null;
  }

  private isOfDatabase(callee: ts.PropertyAccessExpression): boolean {
    const { ts, checker } = this.cx;
    if (this.typed === null) return isOfReader(this.cx, callee);
    return (
      WRITER_NAME.test(stripAssertions(ts, callee.expression).getText()) ||
      checker.getTypeAtLocation(callee.expression).getProperty("normalizeId") !== undefined
    );
  }

  /** What a function of the app gives back: all its returns. */
  private ofReturns(call: ts.CallExpression, kind: Kind, step: number): Tables {
    const { ts, packages } = this.cx;
    if (this.typed === null) return null;
    const fn = calledBy(this.cx, call);
    if (fn === undefined || !("body" in fn) || fn.body === undefined) return null;
    if (!packages.isProject(fn.getSourceFile())) return null;
    const body = fn.body as ts.ConciseBody;
    return this.once(fn, () => {
      if (!ts.isBlock(body)) return this.trace(body, kind, step + 1);
      let tables: Tables = new Set();
      const visit = (node: ts.Node): void => {
        if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
        if (ts.isReturnStatement(node) && node.expression !== undefined)
          tables = union(tables, this.trace(node.expression, kind, step + 1));
        ts.forEachChild(node, visit);
      };
      visit(body);
      return tables;
    });
  }

  private ofName(name: ts.Identifier, kind: Kind, step: number): Tables {
    const { ts } = this.cx;
    const declaration = declarationOf(this.cx, name);
    if (declaration === null) return null;
    return this.once(declaration, () => {
      if (ts.isBindingElement(declaration)) return this.ofBinding(declaration, kind, step);
      if (ts.isParameter(declaration)) return this.ofParameter(declaration, kind, step);
      if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return null;
      return union(
        this.ofDeclaration(declaration, kind, step),
        this.ofAssignments(declaration, declaration.name, step, kind),
      );
    });
  }

  /** `const { page } = …`, `for (const { _id } of …)`, `({ _id }) => …`. */
  private ofBinding(element: ts.BindingElement, kind: Kind, step: number): Tables {
    const { ts } = this.cx;
    const key = element.propertyName ?? element.name;
    const whole = element.parent.parent;
    if (!ts.isIdentifier(key) || !ts.isIdentifier(element.name)) return null;
    if (element.dotDotDotToken !== undefined || element.initializer !== undefined) return null;
    if (!ts.isObjectBindingPattern(element.parent)) return null;
    const argument = this.ofArgument(whole, key.text, kind);
    if (argument !== null) return argument;
    const holder = holderOf(kind, key.text);
    if (holder === null) return null;
    if (ts.isParameter(whole)) return this.ofParameter(whole, holder, step);
    if (!ts.isVariableDeclaration(whole)) return null;
    return union(
      this.ofDeclaration(whole, holder, step),
      this.ofAssignments(element, element.name, step, kind),
    );
  }

  /** What a variable starts as: its initializer, or an element of what a loop walks. */
  private ofDeclaration(declaration: ts.VariableDeclaration, kind: Kind, step: number): Tables {
    const { ts } = this.cx;
    const loop = declaration.parent.parent;
    if (ts.isForOfStatement(loop) && loop.initializer === declaration.parent) {
      const list = listOf(kind);
      return list && this.trace(loop.expression, list, step + 1);
    }
    const { initializer, type } = declaration;
    if (this.typed === null && type !== undefined) return null;
    if (initializer !== undefined) return this.trace(initializer, kind, step + 1);
    // `let x;` starts as nothing; `declare const x`, `catch (x)` and `for (x in …)` as anything.
    const isAmbient = (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Ambient) !== 0;
    return ts.isVariableStatement(loop) && !isAmbient ? new Set() : null;
  }

  private ofAssignments(declaration: ts.Declaration, name: ts.Identifier, step: number, kind: Kind): Tables {
    const { ts } = this.cx;
    if ((ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0) return new Set();
    let tables: Tables = new Set();
    for (const value of assignmentsTo(this.cx, declaration, name))
      tables = union(tables, value === null ? null : this.trace(value, kind, step + 1));
    return tables;
  }

  /** `args.note`, where the function says `args: { note: v.id("notes") }`. */
  private ofArgument(whole: ts.Node | null, name: string, kind: Kind): Tables {
    const { ts } = this.cx;
    if (kind !== "id" && kind !== "ids") return null;
    if (whole === null || !ts.isParameter(whole) || whole.type !== undefined) return null;
    const table = tableOfArgument(this.cx, whole, name, kind === "ids");
    return table === null ? null : new Set([table]);
  }

  /** An element of a list in its callback, or what all callers of a function of the file pass. */
  private ofParameter(parameter: ts.ParameterDeclaration, kind: Kind, step: number): Tables {
    const { ts } = this.cx;
    if (this.typed === null && parameter.type !== undefined) return null;
    const fn = parameter.parent;
    const index = fn.parameters.indexOf(parameter);
    const call = fn.parent;
    if (ts.isCallExpression(call) && (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn))) {
      const callee = call.expression;
      const list = listOf(kind);
      if (list === null || index > 0 || !ts.isPropertyAccessExpression(callee)) return null;
      return CALLBACKS.has(callee.name.text) ? this.trace(callee.expression, list, step + 1) : null;
    }
    const callers = this.typed === null ? null : callersOf(this.cx, fn);
    if (callers === null) return null;
    let tables: Tables = new Set();
    for (const caller of callers) {
      const argument = caller.arguments[index];
      tables = argument === undefined ? null : union(tables, this.trace(argument, kind, step + 1));
    }
    return tables;
  }

  private once(node: ts.Node, trace: () => Tables): Tables {
    if (this.underway.has(node)) return new Set();
    this.underway.add(node);
    const tables = trace();
    this.underway.delete(node);
    return tables;
  }
}

/** What something is an element of. */
function listOf(kind: Kind): Kind | null {
  return kind === "document" ? "list" : kind === "id" ? "ids" : null;
}

/** What holds something under a name: `document._id`, `pages.page`. */
function holderOf(kind: Kind, name: string): Kind | null {
  if (kind === "id" && name === "_id") return "document";
  return kind === "list" && name === "page" ? "pages" : null;
}

function isNothing({ ts }: GuardContext, expression: ts.Expression): boolean {
  return (
    expression.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(expression) && expression.text === "undefined")
  );
}

function union(one: Tables, other: Tables): Tables {
  return one === null || other === null ? null : new Set([...one, ...other]);
}
