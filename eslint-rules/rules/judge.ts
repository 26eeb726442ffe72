import type ts from "typescript";
import { writerFits } from "../engine/carriers.js";
import type { GuardContext } from "../engine/context.js";
import { stripAssertions } from "../engine/contracts.js";
import type { TextEdit } from "../engine/model.js";
import { WRITER_NAME, type Member } from "../engine/members.js";
import { quoted } from "../engine/messages.js";
import { Report } from "../engine/report.js";
import { targetByName, targetOfCall, type Target } from "../engine/tables.js";

/** A call of a method that may change rows. */
export interface Write {
  readonly node: ts.CallExpression;
  readonly callee: ts.Expression;
  readonly method: string;
  readonly member: Member;
  readonly receiver: ts.Type;
  readonly args: readonly ts.Expression[];
}

/** The verdict on a write through Convex's writer, or through something that may be it. */
export function judgeWrite(cx: GuardContext, report: Report, write: Write): void {
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
  if (reportMirrors(report, write, target, tables)) return;
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
  if (first === undefined || write.method === "insertMany") return;
  const target = targetOfCall(cx, write.method, write.args);
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
