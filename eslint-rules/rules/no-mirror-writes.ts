/**
 * The rules about writes: `no-mirror-writes`, `explicit-write-table` and `require-known-table`. They are one file,
 * although it is long, because they are one judgement: each write gets exactly one of their verdicts.
 */
import type ts from "typescript";
import { isWriteMethod, writerFits } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { stripAssertions } from "../engine/contracts.js";
import { entsWrite } from "../engine/ents.js";
import { WRITER_NAME, WRITE_METHODS, memberOf } from "../engine/members.js";
import { quoted } from "../engine/messages.js";
import type { Member, TextEdit, Write } from "../engine/model.js";
import { tablesOfInstances } from "../engine/narrowing.js";
import { isOnlyCalled } from "../engine/references.js";
import { Report } from "../engine/report.js";
import { constraintOf, targetByName, targetOfCall, type Target } from "../engine/tables.js";
import { sourceOf } from "../engine/views.js";
import { TYPES_OPTION, type RuleDefinition } from "../engine/rule.js";
import { judgeRecording } from "./no-unrecorded-writes.js";

/** Reports writes to mirrors, certain ones and possible ones. */
export const noMirrorWrites: RuleDefinition = {
  name: "no-mirror-writes",
  description: "Disallow writing tables that mirror another database",
  messages: ["mirrorWrite", "maybeMirrorWrite", "importerFunction", "componentFunction", "syntaxWrite"],
  schema: TYPES_OPTION,
  typesOption: true,
};

/** Reports writes whose table is known only from a type; the server checks a name, not a type. */
export const explicitWriteTable: RuleDefinition = {
  name: "explicit-write-table",
  description: "Require the name of the table as a literal first argument of every write",
  messages: ["explicitTable", "explicitTables", "explicitLibrary", "explicitUntyped"],
  type: "suggestion",
  fixable: true,
  schema: TYPES_OPTION,
  typesOption: true,
};

/** Reports writes whose table cannot be proved. */
export const requireKnownTable: RuleDefinition = {
  name: "require-known-table",
  description: "Require that the code shows the table of every write",
  messages: ["unknownTable", "unknownReceiver", "idCast", "dynamicMethod", "nameTable"],
  hasSuggestions: true,
  schema: {
    type: "object",
    properties: {
      onCast: {
        type: "string",
        enum: ["error", "off"],
        description:
          "Whether an id or a name that is only asserted to belong to a table is reported. Default: error.",
      },
    },
    additionalProperties: false,
  },
  accepts: (finding, option) => finding.messageId !== "idCast" || option["onCast"] !== "off",
};

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

/** Judges `receiver.method` and `receiver[key]`: a write, a method taken off the writer, or nothing. */
export function visitAccess(cx: GuardContext, report: Report, node: Access): void {
  if (replacesText(cx, node)) return;
  const methods = methodsNamed(cx, node);
  if (methods === null) return;
  const receiver = cx.checker.getTypeAtLocation(node.expression);
  if (methods === "dynamic") {
    visitDynamic(cx, report, node, receiver);
    return;
  }
  for (const method of methods) {
    const member = memberOf(cx, receiver, method);
    if (member.kind === "harmless") continue;
    const call = callOf(cx, node);
    if (call !== null) {
      const write: Write = { node: call, callee: node, method, member, receiver, args: call.arguments };
      if (member.kind === "ents") entsWrite(cx, report, write);
      else judgeWrite(cx, report, write);
    } else if (!isAssignedTo(cx, node) && !isBoundForCalls(cx, node)) {
      reportDetached(report, node, method, member);
    }
    return;
  }
}

/** `name.replace(/ /g, "-")`: no document stands there, so the type of what it is called on need not be asked for. */
function replacesText({ ts }: GuardContext, node: Access): boolean {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(node) || node.name.text !== "replace") return false;
  if (!ts.isCallExpression(parent) || parent.expression !== node) return false;
  const [pattern, replacement] = parent.arguments;
  return (
    pattern?.kind === ts.SyntaxKind.RegularExpressionLiteral ||
    (parent.arguments.length === 2 && replacement !== undefined && ts.isStringLiteralLike(replacement))
  );
}

/** The write methods that an access can mean; null when it means none, "dynamic" when nobody knows. */
function methodsNamed(cx: GuardContext, node: Access): readonly string[] | "dynamic" | null {
  const { ts, checker } = cx;
  if (ts.isPropertyAccessExpression(node)) return WRITE_METHODS.has(node.name.text) ? [node.name.text] : null;
  const key = node.argumentExpression;
  if (ts.isStringLiteralLike(key)) return WRITE_METHODS.has(key.text) ? [key.text] : null;
  if (ts.isNumericLiteral(key)) return null;
  return methodsOfType(cx, constraintOf(cx, checker.getTypeAtLocation(key)));
}

function methodsOfType(cx: GuardContext, type: ts.Type): readonly string[] | "dynamic" | null {
  const { TypeFlags } = cx.ts;
  const names: string[] = [];
  for (const arm of type.isUnion() ? type.types : [type]) {
    if (arm.isStringLiteral()) names.push(arm.value);
    else if ((arm.flags & (TypeFlags.NumberLike | TypeFlags.ESSymbolLike)) === 0) return "dynamic";
  }
  const writes = names.filter((name) => WRITE_METHODS.has(name));
  // insert|patch|… at one place: the meaning of the arguments differs, so no one table can be told.
  return writes.length === 0 ? null : writes.length === 1 ? writes : "dynamic";
}

function visitDynamic(cx: GuardContext, report: Report, node: ts.Node & Access, receiver: ts.Type): void {
  const member = memberOf(cx, receiver, "insert");
  const patch = member.kind === "harmless" ? memberOf(cx, receiver, "patch") : member;
  const key = cx.ts.isElementAccessExpression(node) ? node.argumentExpression.getText(report.file) : "";
  if (patch.kind === "writer" || patch.kind === "tableWriter" || patch.kind === "ents") {
    if (!isAssignedTo(cx, node)) report.add("require-known-table", "dynamicMethod", node, { key });
  } else if (patch.kind === "any" && callOf(cx, node) !== null) {
    report.add("no-writer-escape", "anyCall", node);
  }
}

function reportDetached(report: Report, node: ts.Node, method: string, member: Member): void {
  if (member.kind === "any") report.add("no-writer-escape", "anyMethod", node, { method });
  else if (member.kind !== "structural") report.add("no-writer-escape", "detached", node, { method });
}

/** The call whose callee this access is, through parentheses, `!` and assertions. */
function callOf(cx: GuardContext, node: ts.Node): ts.CallExpression | null {
  const { ts } = cx;
  let current = node;
  let parent = node.parent;
  while (
    ts.isParenthesizedExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isTypeAssertionExpression(parent) ||
    ts.isSatisfiesExpression(parent)
  ) {
    current = parent;
    parent = parent.parent;
  }
  return ts.isCallExpression(parent) && parent.expression === current ? parent : null;
}

/**
 * `const insert = db.insert.bind(db)`, and nothing but calls of it: it keeps its type, and each call is judged. Strict
 * reports that the writer is bound.
 */
function isBoundForCalls(cx: GuardContext, node: Access): boolean {
  const { ts } = cx;
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || parent.name.text !== "bind") return false;
  const call = parent.parent;
  if (!ts.isCallExpression(call) || call.expression !== parent || call.arguments.length !== 1) return false;
  return (
    ts.isVariableDeclaration(call.parent) &&
    isWriteMethod(cx, cx.checker.getTypeAtLocation(call)) &&
    isOnlyCalled(cx, call.parent)
  );
}

/** `x.insert = …` and `delete x.insert` change an object; they take nothing off a writer. */
function isAssignedTo(cx: GuardContext, node: ts.Node): boolean {
  const { ts } = cx;
  const parent = node.parent;
  return (
    (ts.isBinaryExpression(parent) &&
      parent.left === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) ||
    ts.isDeleteExpression(parent)
  );
}

/** `const { insert } = db`: a method taken off by a pattern. */
export function visitBindingPattern(
  cx: GuardContext,
  report: Report,
  pattern: ts.ObjectBindingPattern,
): void {
  const { ts, checker } = cx;
  let type: ts.Type | null = null;
  for (const element of pattern.elements) {
    if (element.dotDotDotToken !== undefined) continue;
    const key = element.propertyName ?? element.name;
    const name = ts.isIdentifier(key) || ts.isStringLiteralLike(key) ? key.text : null;
    if (name !== null && !WRITE_METHODS.has(name)) continue;
    if (name === null && !ts.isComputedPropertyName(key)) continue;
    type ??= checker.getTypeAtLocation(pattern);
    if (ts.isComputedPropertyName(key)) visitComputedKey(cx, report, type, key);
    else if (name !== null) reportPatternMember(cx, report, type, name, key);
  }
}

/** `({ insert: write } = db)`: the same as an assignment. */
export function visitAssignmentPattern(
  cx: GuardContext,
  report: Report,
  pattern: ts.ObjectLiteralExpression,
): void {
  const { ts, checker } = cx;
  for (const property of pattern.properties) {
    const key = property.name;
    if (key === undefined) continue;
    if (ts.isComputedPropertyName(key)) {
      const source = sourceOf(cx, pattern);
      if (source !== null) visitComputedKey(cx, report, source.type, key);
      continue;
    }
    if (!(ts.isIdentifier(key) || ts.isStringLiteralLike(key)) || !WRITE_METHODS.has(key.text)) continue;
    const source = sourceOf(cx, pattern)?.type ?? checker.getTypeAtLocation(pattern);
    reportPatternMember(cx, report, source, key.text, key);
  }
}

function visitComputedKey(
  cx: GuardContext,
  report: Report,
  type: ts.Type,
  key: ts.ComputedPropertyName,
): void {
  const names = methodsOfType(cx, constraintOf(cx, cx.checker.getTypeAtLocation(key.expression)));
  if (names === null) return;
  const member = memberOf(cx, type, names === "dynamic" ? "insert" : (names[0] ?? "insert"));
  if (member.kind === "writer" || member.kind === "tableWriter") {
    report.add("require-known-table", "dynamicMethod", key, { key: key.expression.getText(report.file) });
  } else if (member.kind === "any") {
    report.add("no-writer-escape", "anyMethod", key, { method: key.expression.getText(report.file) });
  }
}

function reportPatternMember(
  cx: GuardContext,
  report: Report,
  type: ts.Type,
  name: string,
  node: ts.Node,
): void {
  const member = memberOf(cx, type, name);
  if (member.kind !== "harmless") reportDetached(report, node, name, member);
}

/** `const write = db.insert; write("customers", …)`: the method is known by its type, wherever it is passed. */
export function visitDetachedCall(cx: GuardContext, report: Report, call: ts.CallExpression): void {
  const { ts, checker } = cx;
  const callee = stripAssertions(ts, call.expression);
  // Members of objects keep the name of the method in nearly all code; where it was taken off is reported anyway.
  if (ts.isPropertyAccessExpression(callee)) return;
  if (ts.isElementAccessExpression(callee) && methodsNamed(cx, callee) !== null) return;
  const type = checker.getTypeAtLocation(callee);
  if (!isWriteMethod(cx, type)) return;
  judgeWrite(cx, report, {
    node: call,
    callee,
    method: type.symbol.name,
    member: { kind: "writer", owner: type, symbol: null },
    receiver: type,
    args: call.arguments,
  });
}

/** The verdict on a write through Convex's writer, or through something that may be it. */
function judgeWrite(cx: GuardContext, report: Report, write: Write): void {
  switch (write.member.kind) {
    case "writer":
      judgeTarget(cx, report, write, targetOfCall(cx, write.method, write.args));
      return;
    case "tableWriter":
      judgeTarget(cx, report, write, targetOfTableWriter(cx, write));
      return;
    case "any":
      judgeAny(cx, report, write);
      return;
    case "structural":
      if (isUntyped(cx, write.member)) judgeAny(cx, report, write);
      else judgeStructural(cx, report, write);
      return;
    case "ents":
    case "harmless":
  }
}

function addSite(report: Report, write: Write, tables: readonly string[] | null, literal: boolean): void {
  report.sites.push({ start: write.node.getStart(report.file), method: write.method, tables, literal });
}

/** `{ patch: any }`: a method that the checker knows no more of than of a method of `any`. */
function isUntyped({ ts, checker }: GuardContext, { symbol }: Member): boolean {
  return symbol !== null && (checker.getTypeOfSymbol(symbol).flags & ts.TypeFlags.Any) !== 0;
}

/** `db.table("x").insert(…)`: the table is in the type's arguments, or in the call of `table`. */
function targetOfTableWriter(cx: GuardContext, write: Write): Target {
  const scoped = scopedTable(cx, write.callee);
  if (scoped !== null) return scoped;
  const names: string[] = [];
  for (const argument of cx.checker.getTypeArguments(write.member.owner as ts.TypeReference)) {
    for (const arm of argument.isUnion() ? argument.types : [argument])
      if (arm.isStringLiteral()) names.push(arm.value);
  }
  const known = names.length > 0;
  const reason = known ? "" : "the table of `db.table` is not known";
  return { tables: known ? names : null, how: "type", form: "name", reason, cast: false };
}

/** The table of `X.table("name").method`, whatever X is. */
function scopedTable(cx: GuardContext, callee: ts.Expression): Target | null {
  const { ts } = cx;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return null;
  const receiver = stripAssertions(ts, callee.expression);
  if (!ts.isCallExpression(receiver) || !ts.isPropertyAccessExpression(receiver.expression)) return null;
  const [name] = receiver.arguments;
  return receiver.expression.name.text === "table" && name !== undefined ? targetByName(cx, name) : null;
}

function judgeTarget(cx: GuardContext, report: Report, write: Write, target: Target): void {
  const { method } = write;
  const { tables } = target;
  addSite(report, write, tables, target.how !== "type");
  if (tables === null) {
    report.add(
      "require-known-table",
      "unknownTable",
      write.node,
      {
        method,
        reason: target.reason,
        mirrors: report.mirrorNames,
      },
      { tables: [] },
    );
    return;
  }
  const written = tablesWritten(cx, report, write, target, tables);
  judgeRecording(cx, report, write, written);
  if (reportMirrors(report, write, target, written)) return;
  if (target.cast) {
    const [table] = tables;
    const what = target.form === "id" ? "id" : "table name";
    const insert = tables.length === 1 && target.form === "id" ? nameEdit(cx, write, table ?? "") : null;
    const suggestion = insert === null ? {} : { suggestion: { messageId: "nameTable", edits: insert } };
    report.add(
      "require-known-table",
      "idCast",
      write.node,
      { what, method, tables: tables.join('" or "'), table: table ?? "", mirrors: report.mirrorNames },
      { ...suggestion, tables: [] },
    );
  } else if (target.how === "type") reportInexplicit(cx, report, write, target, tables);
}

/** A generic class writes the tables for which it is made, though its constraint allows mirrors. */
function tablesWritten(
  cx: GuardContext,
  report: Report,
  write: Write,
  target: Target,
  tables: readonly string[],
): readonly string[] {
  const [first] = write.args;
  const isUndecided = tables.length > 1 && !target.cast && report.mirrorsAmong(tables).length > 0;
  return (isUndecided && first !== undefined ? tablesOfInstances(cx, first) : null) ?? tables;
}

/** Reports a write to a mirror, certain or possible. */
function reportMirrors(report: Report, write: Write, target: Target, tables: readonly string[]): boolean {
  const mirrors = report.mirrorsAmong(tables);
  const [mirror] = mirrors;
  if (mirror === undefined) return false;
  const names = mirrors.map(({ table }) => table);
  if (tables.length === 1) {
    report.add(
      "no-mirror-writes",
      "mirrorWrite",
      write.node,
      { method: write.method, table: mirror.table, ...Report.about(mirror) },
      { tables: names },
    );
  } else {
    report.add(
      "no-mirror-writes",
      "maybeMirrorWrite",
      write.node,
      {
        method: write.method,
        ...Report.about(mirror),
        what: target.form === "id" ? "id" : "table name",
        tables: quoted(tables),
        union: names.map((name) => `"${name}"`).join(" | "),
      },
      { tables: names },
    );
  }
  return true;
}

/** In the strict preset only a written name counts, since the server checks that one. */
function reportInexplicit(
  cx: GuardContext,
  report: Report,
  write: Write,
  target: Target,
  tables: readonly string[],
): void {
  const [table] = tables;
  if (tables.length !== 1 || table === undefined) {
    report.add("explicit-write-table", "explicitTables", write.node, {
      method: write.method,
      tables: quoted(tables),
    });
    return;
  }
  const fix = target.form === "id" ? nameEdit(cx, write, table) : null;
  report.add(
    "explicit-write-table",
    "explicitTable",
    write.node,
    { method: write.method, table },
    fix === null ? {} : { fix },
  );
}

/**
 * The edit that puts the table's name first. Only for Convex's own writer, all arms of it, and only when its
 * version has that signature: a lookalike would get an argument that it does not know.
 */
function nameEdit(cx: GuardContext, write: Write, table: string): readonly TextEdit[] | null {
  const [first] = write.args;
  const declarations = write.member.symbol?.declarations ?? [];
  if (first === undefined || write.member.kind !== "writer" || write.receiver.isUnion()) return null;
  if (declarations.length === 0 || write.args.some((argument) => cx.ts.isSpreadElement(argument)))
    return null;
  const wanted = write.args.length + 1;
  const fits = declarations.some((declaration) => {
    const origin = cx.packages.originOf(declaration.getSourceFile());
    return (
      origin.kind === "package" &&
      origin.name === "convex" &&
      cx.ts.isMethodSignature(declaration) &&
      declaration.parameters.length === wanted
    );
  });
  if (!fits) return null;
  const start = first.getStart();
  return [{ start, end: start, text: `${JSON.stringify(table)}, ` }];
}

/** A call on `any`: fails closed, unless its arguments cannot be those of a write. */
function judgeAny(cx: GuardContext, report: Report, write: Write): void {
  const { ts, checker } = cx;
  const scoped = scopedTable(cx, write.callee);
  const target = scoped ?? targetOfCall(cx, write.method, write.args);
  if (target.tables !== null) {
    // A literal that is no table of the schema is some other API's argument, unless it looks like an id.
    const known = target.tables.filter((table) => report.schema.tables.has(table));
    if (known.length > 0) {
      addSite(report, write, known, target.how !== "type");
      if (reportMirrors(report, write, target, known)) return;
      if (target.how === "type") reportInexplicit(cx, report, write, target, known);
      return;
    }
    if (!target.tables.some(looksLikeId)) return;
  }
  const [first] = write.args;
  if (first === undefined) return;
  const written = stripAssertions(ts, first);
  if (
    ts.isStringLiteralLike(written) &&
    !looksLikeId(written.text) &&
    !report.schema.tables.has(written.text)
  )
    return;
  const type = checker.getTypeAtLocation(first);
  const stringLike =
    (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.StringLike)) !== 0 ||
    isId(cx, type);
  const reason = target.reason === "" ? "its first argument may be an id" : target.reason;
  const data = { method: write.method, reason, mirrors: report.mirrorNames };
  const name = receiverText(cx, write, report.file);
  const isNamed = name !== null && WRITER_NAME.test(name);
  const count = write.args.length;
  const typical =
    (write.method === "insert" && count === 2) || (write.method === "patch" && (count === 2 || count === 3));
  if (stringLike && (isNamed || typical || scoped !== null)) {
    addSite(report, write, null, false);
    report.add("require-known-table", "unknownReceiver", write.node, data, { tables: [] });
  } else if (stringLike || (write.method === "insert" && count === 1) || ts.isSpreadElement(first)) {
    report.add("no-writer-escape", "weakReceiver", write.node, data, { tables: [] });
  }
}

function receiverText(cx: GuardContext, write: Write, file: ts.SourceFile): string | null {
  const { callee } = write;
  if (!cx.ts.isPropertyAccessExpression(callee) && !cx.ts.isElementAccessExpression(callee)) return null;
  return stripAssertions(cx.ts, callee.expression).getText(file);
}

function isId(cx: GuardContext, type: ts.Type): boolean {
  return cx.checker.getPropertyOfType(type, "__tableName") !== undefined;
}

/** Convex ids are 31 to 37 lower-case letters and digits. */
function looksLikeId(text: string): boolean {
  return /^[0-9a-z]{31,37}$/.test(text);
}

/** A call through a type of the app without code: a writer may be behind it when the arguments are a write's. */
function judgeStructural(cx: GuardContext, report: Report, write: Write): void {
  const { ts, checker } = cx;
  const [first] = write.args;
  const scoped = scopedTable(cx, write.callee);
  if (first === undefined || (scoped === null && write.method === "insertMany")) return;
  const target = scoped ?? targetOfCall(cx, write.method, write.args);
  if (target.tables !== null) {
    const known = target.tables.filter((table) => report.schema.tables.has(table));
    if (known.length === 0) return;
    addSite(report, write, known, target.how !== "type");
    reportMirrors(report, write, target, known);
    return;
  }
  const type = checker.getTypeAtLocation(first);
  const flags =
    ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.StringLike | ts.TypeFlags.TypeParameter;
  if (((type.flags & flags) !== 0 || isId(cx, type)) && writerFits(cx, write.receiver)) {
    report.add(
      "no-writer-escape",
      "structuralWriter",
      write.node,
      { method: write.method, reason: target.reason },
      { tables: [] },
    );
  }
}
