import ts from "typescript";
import type { Module } from "./project.js";

/** Text put into a file at a position. What is there stays as it is, comments and layout included. */
export interface Insertion {
  at: number;
  text: string;
  /** White space behind the position that the text takes the place of, in characters. */
  replaces?: number;
}

/** How a file is written, so that what is added looks like what is there. */
export interface Style {
  quote: '"' | "'";
  semicolon: boolean;
  newline: "\n" | "\r\n";
  indent: string;
}

export function styleOf({ text, source }: Pick<Module, "text" | "source">): Style {
  const first = source.statements.find(ts.isImportDeclaration)?.moduleSpecifier.getText(source);
  const statements = source.statements.filter(
    (each) => ts.isImportDeclaration(each) || ts.isExportAssignment(each) || ts.isExpressionStatement(each),
  );
  return {
    quote: first?.startsWith("'") === true ? "'" : '"',
    semicolon: statements.length === 0 || statements.some((each) => each.getText(source).endsWith(";")),
    newline: text.includes("\r\n") ? "\r\n" : "\n",
    indent: /^(\t| {2,8})[^\s*]/m.exec(text)?.[1] ?? "  ",
  };
}

/** Code of ours, written in double quotes, with semicolons and two spaces, in another style. */
export function inStyle(code: string, { quote, semicolon, newline, indent }: Style): string {
  return (quote === '"' ? code : singleQuoted(code))
    .split("\n")
    .map((line) => {
      const spaces = /^ */.exec(line)![0].length;
      const body = line.slice(spaces);
      const isComment = body.startsWith("//") || body.startsWith("*") || body.startsWith("/*");
      // Lines inside of a comment have one space more.
      const start = indent.repeat(Math.floor(spaces / 2)) + " ".repeat(spaces % 2);
      return start + (semicolon || isComment ? body : body.replace(/;$/, ""));
    })
    .join(newline);
}

/** Texts in apostrophes, but for those that hold one. */
function singleQuoted(code: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, code);
  let styled = "";
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const token = scanner.getTokenText();
    styled +=
      kind === ts.SyntaxKind.StringLiteral && token.startsWith('"') && !token.includes("'")
        ? `'${token.slice(1, -1).replaceAll('\\"', '"')}'`
        : token;
  }
  return styled;
}

/** The position after a node and a comment behind it on its line. */
export function behind(text: string, node: ts.Node): number {
  return ts.getTrailingCommentRanges(text, node.getEnd())?.at(-1)?.end ?? node.getEnd();
}

/** Where the next import goes: after the others, else at the top, below what has to be there. */
export function importInsertion(
  { text, source }: Pick<Module, "text" | "source">,
  lines: readonly string[],
): Insertion[] {
  if (lines.length === 0) return [];
  const style = styleOf({ text, source });
  const code = inStyle(lines.join("\n"), style);
  const last = source.statements.filter(ts.isImportDeclaration).at(-1);
  if (last !== undefined) return [{ at: behind(text, last), text: style.newline + code }];
  const header = /^(?:#!.*\r?\n)?(?:(?:\/\/\/|\/\/ @ts-|\/\* eslint|"use |'use ).*\r?\n)*/.exec(text)![0]
    .length;
  return [{ at: header, text: code + style.newline + style.newline }];
}

/** The text with all insertions; those at one position come in the order in which they are given. */
export function insert(text: string, insertions: readonly Insertion[]): string {
  const sorted = insertions.map((each, i) => ({ ...each, i })).sort((a, b) => a.at - b.at || a.i - b.i);
  let [result, from] = ["", 0];
  for (const { at, text: added, replaces = 0 } of sorted) {
    result += text.slice(from, at) + added;
    from = at + replaces;
  }
  return result + text.slice(from);
}

/** Adds an element to a list in brackets: on lines of its own, after comments at the list's end. */
export function append(
  { text, source }: Pick<Module, "text" | "source">,
  list: ts.ObjectLiteralExpression | ts.ArrayLiteralExpression | ts.ObjectBindingPattern | ts.CallExpression,
  code: string,
): Insertion[] {
  const style = styleOf({ text, source });
  const elements = elementsOf(list);
  const close = list.getEnd() - 1;
  const last = elements.at(-1);
  const comma = last === undefined || elements.hasTrailingComma ? [] : [{ at: last.getEnd(), text: "," }];
  const start = list.getStart(source);
  const outer = /^[ \t]*/.exec(text.slice(lineOf(text, start)))![0];
  const body = inStyle(code, style)
    .split(style.newline)
    .map((line) => (line === "" ? "" : outer + style.indent + line))
    .join(style.newline);
  const line = lineOf(text, close);
  // Where the bracket stands alone on its line, the element goes before that line.
  if (line > start && text.slice(line, close).trim() === "")
    return [...comma, { at: line, text: body + style.newline }];
  const space = /[ \t]*$/.exec(text.slice(0, close))![0].length;
  const added = style.newline + body + style.newline + outer;
  return [
    ...broken(text, elements, style.newline + outer + style.indent),
    ...comma,
    { at: close - space, replaces: space, text: added },
  ];
}

/** Puts each element of a list that is written on one line on a line of its own. */
function broken(text: string, elements: ts.NodeArray<ts.Node>, lineStart: string): Insertion[] {
  const last = elements.at(-1);
  if (last === undefined || text.slice(elements.pos, last.getEnd()).includes("\n")) return [];
  return elements.flatMap((element) => {
    const at = element.getFullStart();
    const space = /^[ \t]*/.exec(text.slice(at))![0].length;
    // A comment in between stays where it is.
    return at + space < element.getStart() ? [] : [{ at, replaces: space, text: lineStart }];
  });
}

function elementsOf(
  list: ts.ObjectLiteralExpression | ts.ArrayLiteralExpression | ts.ObjectBindingPattern | ts.CallExpression,
): ts.NodeArray<ts.Node> {
  if (ts.isObjectLiteralExpression(list)) return list.properties;
  return ts.isCallExpression(list) ? list.arguments : list.elements;
}

/** The position at which the line of a position begins. */
function lineOf(text: string, position: number): number {
  return text.lastIndexOf("\n", position - 1) + 1;
}
