import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { gateOf } from "../../project/parts.js";
import { insert } from "../../project/edit.js";
import { keep, type Planning, type Step } from "../edit.js";

const FILE = "package.json";
const COMMAND = "streaming-import guard";

/** Adds the script that runs the guard's gate. */
export function planPackageJson({ project }: Planning): Step {
  const text = readFileSync(path.join(project.root, FILE), "utf8");
  if (gateOf(project) !== null) return keep(FILE, text);
  const scripts = project.manifest.scripts;
  const name = scripts?.guard === undefined ? "guard" : "guard:mirrors";
  const line = `${JSON.stringify(name)}: ${JSON.stringify(COMMAND)}`;
  const source = ts.parseJsonText(FILE, text);
  const root = source.statements[0]?.expression;
  if (root === undefined || !ts.isObjectLiteralExpression(root)) return keep(FILE, text);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
  const property = root.properties.find((each) => each.name?.getText(source) === '"scripts"');
  const list =
    property !== undefined &&
    ts.isPropertyAssignment(property) &&
    ts.isObjectLiteralExpression(property.initializer)
      ? property.initializer
      : null;
  const [into, added, depth] =
    list === null
      ? [root, `"scripts": {${newline}${indent.repeat(2)}${line}${newline}${indent}}`, 1]
      : [list, line, 2];
  const last = into.properties.at(-1);
  const lead = newline + indent.repeat(depth);
  const insertion =
    last === undefined
      ? { at: into.getStart(source) + 1, text: lead + added + newline + indent.repeat(depth - 1) }
      : { at: last.getEnd(), text: `,${lead}${added}` };
  return { file: FILE, before: text, after: insert(text, [insertion]), manual: null };
}
