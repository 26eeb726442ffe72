import type ts from "typescript";
import type { Directive, TypeScript } from "./model.js";

/** ESLint and TypeScript want their directives at the start of a comment; an exemption may begin a block with stars. */
const DIRECTIVE =
  /(?:\/\/|\/\*+)\s*(?:(eslint-disable(?:-next-line|-line)?|@ts-(?:ignore|expect-error|nocheck))|(?:(?<=\s)\*\s+)?(streaming-import-allow))\b/g;

/** The directives of a file. Looks at the text first, since hardly any file has one. */
export function directivesOf(ts: TypeScript, file: ts.SourceFile): Directive[] {
  const found: Directive[] = [];
  const { text } = file;
  DIRECTIVE.lastIndex = 0;
  for (let match = DIRECTIVE.exec(text); match !== null; match = DIRECTIVE.exec(text)) {
    const start = match.index;
    if (!isComment(ts, file, start)) continue;
    const block = text.startsWith("/*", start);
    const close = block ? text.indexOf("*/", start) : text.indexOf("\n", start);
    const end = close === -1 ? text.length : block ? close + 2 : close;
    const name = match[1] ?? match[2] ?? "";
    // ESLint ignores it in a comment of a line.
    if (name === "eslint-disable" && !block) continue;
    const body = text.slice(start + match[0].length, block && close !== -1 ? close : end).trim();
    const kind = name.startsWith("eslint") ? "eslint" : name.startsWith("@ts") ? "typescript" : "allow";
    found.push({ kind, name, text: body, start, end, line: lineOf(file, name, start, end) });
    DIRECTIVE.lastIndex = end;
  }
  return found;
}

function lineOf(file: ts.SourceFile, name: string, start: number, end: number): number | null {
  if (name === "eslint-disable" || name === "@ts-nocheck") return null;
  const own = file.getLineAndCharacterOfPosition(start).line;
  if (name === "eslint-disable-line") return own;
  const startOfLine = file.getPositionOfLineAndCharacter(own, 0);
  // Behind code, `streaming-import-allow` speaks about its own line.
  if (name === "streaming-import-allow" && file.text.slice(startOfLine, start).trim() !== "") return own;
  return nextCodeLine(file, file.getLineAndCharacterOfPosition(end).line + 1);
}

/** The next line that is more than a comment, so that several directives can stand above one statement. */
function nextCodeLine(file: ts.SourceFile, from: number): number {
  const starts = file.getLineStarts();
  for (let line = from; line < starts.length; line += 1) {
    const text = file.text.slice(starts[line], starts[line + 1]).trim();
    if (text !== "" && !text.startsWith("//") && !/^\/\*.*\*\/$/.test(text)) return line;
  }
  return from;
}

/** Whether a position is in a comment and not in a string, a template, a regular expression or JSX text. */
function isComment(ts: TypeScript, file: ts.SourceFile, position: number): boolean {
  let deepest: ts.Node = file;
  const descend = (node: ts.Node): void => {
    if (node.getStart(file) <= position && position < node.end) {
      deepest = node;
      ts.forEachChild(node, descend);
    }
  };
  ts.forEachChild(file, descend);
  return !(
    ts.isStringLiteralLike(deepest) ||
    ts.isTemplateLiteralToken(deepest) ||
    ts.isRegularExpressionLiteral(deepest) ||
    ts.isJsxText(deepest)
  );
}
