import { stringCode, fieldCode, type Layout } from "../../schema/validatorCode.js";
import { FIVETRAN_FIELD } from "../../schema/fivetran.js";
import { fivetranCode } from "../../schema/snippet.js";
import { isRenamed, type Mirror, type MirrorField } from "./model.js";

/** How declarations are written. */
export interface Style extends Layout {
  /** What `mirrorTable` is called in the file. */
  readonly mirrorTable: string;
}

export const DEFAULT_STYLE: Style = { v: "v", mirrorTable: "mirrorTable", width: 80 };

/** Spaces that an entry of `defineSchema` stands in. */
const ENTRY = 2;

/** A whole schema. */
export function schemaCode(mirrors: readonly Mirror[], style: Style = DEFAULT_STYLE): string {
  return `import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
${mirrors.map((mirror) => mirrorCode(mirror, style)).join("\n")}
});
`;
}

/** An entry of `defineSchema`, with its comment and the comma behind it. */
export function mirrorCode(mirror: Mirror, style: Style): string {
  const [outer, inner] = [" ".repeat(ENTRY), " ".repeat(ENTRY + 2)];
  const comment = commentCode(mirror.comment, ENTRY, style);
  const start = `${comment}${outer}${mirror.name}: ${style.mirrorTable}(`;
  const options = optionsOf(mirror, style);
  const declared = ownFields(mirror);
  if (options.length === 0) return `${start}{\n${fieldLines(declared, ENTRY + 2, style)}\n${outer}}),`;
  const fields = `${inner}{\n${fieldLines(declared, ENTRY + 4, style)}\n${inner}},`;
  return `${start}\n${fields}\n${inner}${objectCode(options, ENTRY + 2, ENTRY + 3, style)},\n${outer}),`;
}

/** Lines of an object of validators, with the comments of the fields. */
export function fieldLines(fields: readonly MirrorField[], indent: number, style: Style): string {
  return fields
    .map(({ name, type, comment }) => {
      const start = `${" ".repeat(indent)}${name}: `;
      return `${commentCode(comment, indent, style)}${start}${fieldCode(type, style, indent, start.length + 1)},`;
    })
    .join("\n");
}

/** The fields that a mirror spells out: its option `fivetran` declares one more. */
function ownFields({ fields, fivetran }: Mirror): readonly MirrorField[] {
  return fivetran === null ? fields : fields.filter(({ name }) => name !== FIVETRAN_FIELD);
}

/** Code as it is. */
class Code {
  constructor(readonly text: string) {}
}

type Literal = string | Code | readonly string[] | Readonly<Record<string, string>>;

function optionsOf(
  { primaryKey, source, version, fields, fivetran }: Mirror,
  { v }: Style,
): [string, Literal][] {
  const renamed = fields.filter(isRenamed);
  return [
    ...(primaryKey === null ? [] : [["primaryKey", primaryKey] as [string, Literal]]),
    ...(source === null ? [] : [["source", source] as [string, Literal]]),
    ...(version === null ? [] : [["version", version] as [string, Literal]]),
    ...(fivetran === null
      ? []
      : [["fivetran", new Code(fivetranCode({ ...fivetran, primaryKey }, v))] as [string, Literal]]),
    ...(renamed.length === 0 ? [] : [["columns", columnsOf(renamed)] as [string, Literal]]),
  ];
}

/** What `columns` says of fields that do not have the names of their columns. */
export function columnsOf(fields: readonly MirrorField[]): Record<string, string> {
  return Object.fromEntries(fields.filter(isRenamed).map(({ name, column }) => [name, column]));
}

/** An object of literals, on one line if it fits. */
export function objectCode(
  entries: readonly (readonly [string, Literal])[],
  indent: number,
  used: number,
  { width }: Pick<Style, "width">,
): string {
  const flat = `{ ${entries.map(([name, value]) => `${name}: ${literalCode(value)}`).join(", ")} }`;
  if (used + flat.length <= width) return flat;
  const inner = indent + 2;
  const lines = entries.map(([name, value]) => {
    const start = `${" ".repeat(inner)}${name}: `;
    return `${start}${literalCode(value, inner, start.length + 1, width)},`;
  });
  return `{\n${lines.join("\n")}\n${" ".repeat(indent)}}`;
}

function literalCode(value: Literal, indent = 0, used = 0, width = Infinity): string {
  if (typeof value === "string") return stringCode(value);
  if (value instanceof Code) return value.text;
  if (!isList(value)) return objectCode(Object.entries(value), indent, used, { width });
  const flat = `[${value.map(stringCode).join(", ")}]`;
  if (used + flat.length <= width) return flat;
  const lines = value.map((text) => `${" ".repeat(indent + 2)}${stringCode(text)},`);
  return `[\n${lines.join("\n")}\n${" ".repeat(indent)}]`;
}

function isList(value: Literal): value is readonly string[] {
  return Array.isArray(value);
}

/** A comment of the source as one of the code, with the line end behind it; empty where there is none. */
function commentCode(comment: string | null, indent: number, { width }: Pick<Style, "width">): string {
  const space = " ".repeat(indent);
  const lines = (comment ?? "")
    .replaceAll("*/", "*\\/")
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .flatMap((line) => wrapped(line.trim(), width - indent - 3));
  while (lines[0] === "") lines.shift();
  while (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) return "";
  const oneLine = `${space}/** ${lines[0]!} */`;
  if (lines.length === 1 && oneLine.length <= width) return `${oneLine}\n`;
  return `${space}/**\n${lines.map((line) => `${space} * ${line}`.trimEnd()).join("\n")}\n${space} */\n`;
}

/** Words in lines of a width; a word that is longer stands alone. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
