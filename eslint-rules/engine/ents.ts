import type ts from "typescript";
import type { GuardContext } from "./context.js";
import { stripAssertions } from "./contracts.js";
import { quoted } from "./messages.js";
import { declarationOf } from "./references.js";
import { Report } from "./report.js";
import { reportInexplicit, targetByName, type Target } from "./tables.js";
import type { Write } from "./model.js";

/** The table and the data model of an ents chain or document: both are arguments of its type. */
interface EntsReceiver {
  readonly tables: readonly string[] | null;
  readonly model: ts.Type | null;
}

/**
 * Judges `table("x").insert(…)`, `ent.patch(…)` and so on: the table itself, and the tables that convex-ents writes
 * along edges, which no line of the app names.
 */
export function entsWrite(cx: GuardContext, report: Report, write: Write): void {
  const { tables, model } = entsReceiver(cx, write.member.owner);
  const method = write.method;
  report.sites.push({
    start: write.node.getStart(report.file),
    method,
    tables,
    literal: tables?.length === 1,
  });
  if (tables === null) {
    report.add(
      "require-known-table",
      "unknownTable",
      write.node,
      { method, reason: "the type of the ent does not name its table", mirrors: report.mirrorNames },
      { tables: [] },
    );
    return;
  }
  const mirrors = report.mirrorsAmong(tables);
  const [mirror] = mirrors;
  if (mirror !== undefined) {
    const names = mirrors.map(({ table }) => table);
    const certain = tables.length === 1;
    report.add(
      "no-mirror-writes",
      certain ? "mirrorWrite" : "maybeMirrorWrite",
      write.node,
      {
        method,
        table: mirror.table,
        ...Report.about(mirror),
        what: "table",
        tables: quoted(tables),
        union: names.map((name) => `"${name}"`).join(" | "),
      },
      { tables: names },
    );
    return;
  }
  if (model !== null) for (const table of tables) cascade(cx, report, write, model, table);
  const named = tableOfChain(cx, write.callee);
  if (named?.how === "type") reportInexplicit(report, write.node, method, tables);
}

/** What `table(name).getX(id).patch` names, also when an ent of the chain was kept in a variable. */
function tableOfChain(cx: GuardContext, callee: ts.Expression, steps = 8): Target | null {
  const { ts } = cx;
  const inner = stripAssertions(ts, callee);
  if (steps === 0) return null;
  if (
    ts.isPropertyAccessExpression(inner) ||
    ts.isElementAccessExpression(inner) ||
    ts.isAwaitExpression(inner)
  )
    return tableOfChain(cx, inner.expression, steps - 1);
  if (ts.isIdentifier(inner)) {
    const declaration = declarationOf(cx, inner);
    const value =
      declaration !== null && ts.isVariableDeclaration(declaration) ? declaration.initializer : null;
    return value === null || value === undefined ? null : tableOfChain(cx, value, steps - 1);
  }
  if (!ts.isCallExpression(inner)) return null;
  const fn = stripAssertions(ts, inner.expression);
  const name = ts.isPropertyAccessExpression(fn) ? fn.name : fn;
  const [table] = inner.arguments;
  if (ts.isIdentifier(name) && name.text === "table" && table !== undefined) return targetByName(cx, table);
  return tableOfChain(cx, fn, steps - 1);
}

/**
 * Reports edges along which this write reaches a mirror. To delete an ent deletes those that hold an edge to it, and goes
 * on from these; `insert` sets the edges that it is given, and `patch` and `replace` refuse them.
 */
function cascade(cx: GuardContext, report: Report, write: Write, model: ts.Type, table: string): void {
  const isDelete = write.method === "delete";
  if (!isDelete && !/^insert/.test(write.method)) return;
  const reached = new Set<string>([table]);
  const visit = (from: string, path: readonly string[]): void => {
    for (const edge of edgesOf(cx, model, from)) {
      // An edge kept in a table's own field writes only this table.
      if (!edge.writesTarget || reached.has(edge.to)) continue;
      if (!isDelete && !namesEdge(cx, write.args[0], edge.name)) continue;
      reached.add(edge.to);
      const along = [...path, edge.name];
      const mirror = report.schema.mirrors.get(edge.to);
      if (mirror !== undefined)
        report.add(
          "no-mirror-factories",
          "entsCascade",
          write.node,
          {
            method: write.method,
            table,
            edge: along.map((name) => `"${name}"`).join(", then "),
            ...Report.about(mirror),
          },
          { tables: [mirror.table] },
        );
      if (isDelete) visit(edge.to, along);
    }
  };
  visit(table, []);
}

/** An edge of an ent, as its type in the data model tells it. */
export interface Edge {
  readonly name: string;
  readonly to: string;
  /** Whether the other table holds the edge, so that writing the edge writes rows there. */
  readonly writesTarget: boolean;
}

export function edgesOf(cx: GuardContext, model: ts.Type, table: string): Edge[] {
  const { checker } = cx;
  const ofTable = model.getProperty(table);
  const edges = ofTable && checker.getTypeOfSymbol(ofTable).getProperty("edges");
  return edges === undefined ? [] : readEdges(cx, checker.getTypeOfSymbol(edges));
}

function readEdges({ checker }: GuardContext, edges: ts.Type): Edge[] {
  return edges.getProperties().flatMap((symbol) => {
    const config = checker.getTypeOfSymbol(symbol);
    const read = (name: string): string | null => {
      const property = config.getProperty(name);
      const type = property && checker.getTypeOfSymbol(property);
      return type?.isStringLiteral() === true ? type.value : null;
    };
    const to = read("to");
    if (to === null) return [];
    const single = read("cardinality") === "single";
    const field = read("type") === "field";
    // single+ref and multiple+field keep the id in the other table; multiple+ref uses a join table of its own.
    return [{ name: symbol.name, to, writesTarget: single !== field }];
  });
}

/**
 * Judges `defineEnt(…).edge("customer", { deletion: "hard" })`: an ent that keeps the id of another then deletes that one
 * together with itself. The types of the data model do not carry the option, so it is judged where it is written.
 */
export function deletesAlongEdge(
  cx: GuardContext,
  report: Report,
  call: ts.CallExpression,
  optionsIndex: number,
): void {
  const { checker } = cx;
  const [name] = call.arguments;
  const options = call.arguments[optionsIndex];
  if (name === undefined || options === undefined) return;
  const optionsType = checker.getTypeAtLocation(options);
  if ((optionsType.flags & cx.ts.TypeFlags.Any) === 0 && optionsType.getProperty("deletion") === undefined)
    return;
  const definition = checker.getTypeAtLocation(call) as ts.TypeReference;
  const edges = checker.getTypeArguments(definition).at(-1);
  const nameType = checker.getTypeAtLocation(name);
  if (edges === undefined || !nameType.isStringLiteral()) return;
  const edge = readEdges(cx, edges).find((one) => one.name === nameType.value);
  const mirror = edge && report.schema.mirrors.get(edge.to);
  // An edge that the other table holds is judged where the ent is deleted.
  if (edge === undefined || mirror === undefined || edge.writesTarget) return;
  report.add(
    "no-mirror-factories",
    "entsDeletion",
    call,
    { edge: `"${edge.name}"`, ...Report.about(mirror) },
    { tables: [mirror.table] },
  );
}

/** Whether the value of an insert or patch mentions the edge; what cannot be read may. */
function namesEdge(cx: GuardContext, value: ts.Expression | undefined, edge: string): boolean {
  const { ts, checker } = cx;
  if (value === undefined) return false;
  const inner = stripAssertions(ts, value);
  const type = checker.getTypeAtLocation(inner);
  if ((type.flags & ts.TypeFlags.Any) !== 0) return true;
  const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number) ?? type;
  return checker.getPropertyOfType(element, edge) !== undefined;
}

function entsReceiver(cx: GuardContext, owner: ts.Type): EntsReceiver {
  const { ts, checker } = cx;
  let tables: string[] | null = null;
  let model: ts.Type | null = null;
  const reference = owner as ts.TypeReference;
  const isReference = (reference.objectFlags & ts.ObjectFlags.Reference) !== 0;
  for (const argument of isReference ? checker.getTypeArguments(reference) : []) {
    const type =
      (argument.flags & ts.TypeFlags.Instantiable) !== 0
        ? (checker.getBaseConstraintOfType(argument) ?? argument)
        : argument;
    const arms = type.isUnion() ? type.types : [type];
    const names = arms.flatMap((arm) => (arm.isStringLiteral() ? [arm.value] : []));
    if (names.length > 0 && names.length === arms.length) tables = names;
    else if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0) model = type;
  }
  return { tables, model };
}
