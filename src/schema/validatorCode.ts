import { jsonToConvex, type ObjectFieldType, type ValidatorJSON } from "convex/values";

/** How code is laid out. */
export interface Layout {
  /** The name of `v` from `convex/values` in the file that gets the code. */
  readonly v: string;
  /** Characters that a line may have. */
  readonly width: number;
}

/** Everything on one line. */
const ONE_LINE: Layout = { v: "v", width: Infinity };

/** Spaces of a level. */
const INDENT = 2;

/**
 * The code that makes a field of an object: `v.optional(v.string())`. What is too long for its line is broken as
 * Prettier breaks it.
 *
 * @param indent Spaces that the line begins with.
 * @param used Characters of the line beside the code: its indent, the name of the field, the comma behind.
 */
export function fieldCode(field: ObjectFieldType, layout: Layout = ONE_LINE, indent = 0, used = 0): string {
  const { fieldType, optional } = field;
  if (!optional) return validatorCode(fieldType, layout, indent, used);
  const name = `${layout.v}.optional`;
  const flat = `${name}(${validatorCode(fieldType, { ...layout, width: Infinity })})`;
  return fits(flat, layout, used) ? flat : brokenCall(name, [fieldType], layout, indent);
}

/** The code that makes a validator: `v.union(v.string(), v.null())`. See {@link fieldCode}. */
export function validatorCode(json: ValidatorJSON, layout: Layout = ONE_LINE, indent = 0, used = 0): string {
  const { v } = layout;
  const call = (name: string, args: readonly ValidatorJSON[]) => {
    const inner = args.map((arg) => validatorCode(arg, { ...layout, width: Infinity }));
    const flat = `${v}.${name}(${inner.join(", ")})`;
    return fits(flat, layout, used) ? flat : brokenCall(`${v}.${name}`, args, layout, indent);
  };
  switch (json.type) {
    case "bigint":
      return `${v}.int64()`;
    case "literal":
      return `${v}.literal(${literalCode(jsonToConvex(json.value) as string | number | boolean | bigint)})`;
    case "id":
      return `${v}.id(${JSON.stringify(json.tableName)})`;
    case "array":
      return call("array", [json.value]);
    case "union":
      return call("union", json.value);
    case "record":
      return call("record", [json.keys, json.values.fieldType]);
    case "object":
      return objectCode(json.value, layout, indent, used);
    default:
      return `${v}.${json.type}()`;
  }
}

function literalCode(value: string | number | boolean | bigint): string {
  if (typeof value === "string") return stringCode(value);
  return typeof value === "bigint" ? `${String(value)}n` : String(value);
}

function fits(code: string, layout: Layout, used: number): boolean {
  return used + code.length <= layout.width;
}

/** A call with each argument on a line of its own. */
function brokenCall(name: string, args: readonly ValidatorJSON[], layout: Layout, indent: number): string {
  const inner = indent + INDENT;
  const lines = args.map((arg) => `${" ".repeat(inner)}${validatorCode(arg, layout, inner, inner + 1)},`);
  return `${name}(\n${lines.join("\n")}\n${" ".repeat(indent)})`;
}

function objectCode(
  fields: Record<string, ObjectFieldType>,
  layout: Layout,
  indent: number,
  used: number,
): string {
  const entries = Object.entries(fields);
  const oneLine = { ...layout, width: Infinity };
  const flat = entries.map(([name, field]) => `${name}: ${fieldCode(field, oneLine)}`).join(", ");
  const short = `${layout.v}.object(${flat === "" ? "{}" : `{ ${flat} }`})`;
  if (fits(short, layout, used)) return short;
  const inner = indent + INDENT;
  const lines = entries.map(([name, field]) => {
    const start = `${" ".repeat(inner)}${name}: `;
    return `${start}${fieldCode(field, layout, inner, start.length + 1)},`;
  });
  return `${layout.v}.object({\n${lines.join("\n")}\n${" ".repeat(indent)}})`;
}

/** A text as a literal of TypeScript, in the quotes that Prettier chooses: those that need fewer escapes. */
export function stringCode(text: string): string {
  const quoted = JSON.stringify(text);
  const count = (quote: string) => text.split(quote).length - 1;
  if (count('"') <= count("'")) return quoted;
  return `'${quoted.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
