import type { JSONValue, ObjectFieldType, ValidatorJSON } from "convex/values";

/** Questions about validators in Convex's own JSON, which describes both what a source has and what a schema declares. */

export const ANY: ValidatorJSON = { type: "any" };
export const STRING: ValidatorJSON = { type: "string" };
export const NUMBER: ValidatorJSON = { type: "number" };
export const INT64: ValidatorJSON = { type: "bigint" };
export const BOOLEAN: ValidatorJSON = { type: "boolean" };
export const BYTES: ValidatorJSON = { type: "bytes" };
const NULL: ValidatorJSON = { type: "null" };

/** Whether 64 bits hold an integer. */
export function isInt64(integer: bigint): boolean {
  return BigInt.asIntN(64, integer) === integer;
}

/** One of the texts. */
export function oneOf(texts: readonly string[]): ValidatorJSON {
  return union(texts.map((value) => ({ type: "literal", value })));
}

/** One of the validators; `v.any()` where there is none, or one of them is. */
export function union(members: readonly ValidatorJSON[]): ValidatorJSON {
  const leaves = new Map(members.flatMap(leavesOf).map((leaf) => [JSON.stringify(leaf), leaf]));
  if (leaves.size === 0 || [...leaves.values()].some(({ type }) => type === "any")) return ANY;
  const value = [...leaves.values()];
  return value.length === 1 ? value[0]! : { type: "union", value };
}

/** The validator, and null. */
export function nullable(validator: ValidatorJSON): ValidatorJSON {
  return union([validator, NULL]);
}

/** What a validator admits, one by one. */
export function leavesOf(validator: ValidatorJSON): ValidatorJSON[] {
  return validator.type === "union" ? validator.value.flatMap(leavesOf) : [validator];
}

export function admitsNull(validator: ValidatorJSON): boolean {
  return leavesOf(validator).some(({ type }) => type === "null" || type === "any");
}

/**
 * Whether a declared validator takes what the source has. One that somebody has made narrower or wider on purpose does:
 * `v.union(v.literal("a"), v.literal("b"))` for text, `v.object({…})` for `v.any()`. Null is a question of its own.
 *
 * @param alternatives Other types that take the source's values without loss.
 */
export function takes(
  declared: ValidatorJSON,
  source: ValidatorJSON,
  alternatives: readonly ValidatorJSON["type"][] = [],
): boolean {
  const found = leavesOf(source).filter(({ type }) => type !== "null");
  const admitted = leavesOf(declared).filter(({ type }) => type !== "null");
  if ([...found, ...admitted].some(({ type }) => type === "any")) return true;
  if (admitted.some((leaf) => alternatives.includes(leaf.type))) return true;
  return found.every((leaf) => admitted.some((each) => leafTakes(each, leaf)));
}

function leafTakes(declared: ValidatorJSON, source: ValidatorJSON): boolean {
  switch (declared.type) {
    case "literal":
      return source.type === "literal"
        ? sameJson(declared.value, source.value)
        : kindOfLiteral(declared.value) === source.type;
    case "array":
      return source.type === "array" && takes(declared.value, source.value);
    case "record":
      if (source.type === "record") return takesField(declared.values, source.values);
      return (
        source.type === "object" &&
        Object.values(source.value).every((field) => takesField(declared.values, field))
      );
    case "object":
      return (
        source.type === "record" || (source.type === "object" && takesFields(declared.value, source.value))
      );
    case "id":
      return source.type === "string";
    default:
      return declared.type === (source.type === "literal" ? kindOfLiteral(source.value) : source.type);
  }
}

function takesFields(
  declared: Record<string, ObjectFieldType>,
  source: Record<string, ObjectFieldType>,
): boolean {
  const required = Object.entries(declared).filter(
    ([, field]) => !field.optional && !admitsNull(field.fieldType),
  );
  return (
    required.every(([name]) => Object.hasOwn(source, name) && !source[name]!.optional) &&
    Object.entries(source).every(
      ([name, field]) => Object.hasOwn(declared, name) && takesField(declared[name]!, field),
    )
  );
}

function takesField(declared: ObjectFieldType, source: ObjectFieldType): boolean {
  if (source.optional && !declared.optional && !admitsNull(declared.fieldType)) return false;
  return takesWithNull(declared.fieldType, source.fieldType, declared.optional);
}

function takesWithNull(declared: ValidatorJSON, source: ValidatorJSON, optional = false): boolean {
  const nullFits = optional || admitsNull(declared) || !leavesOf(source).some(({ type }) => type === "null");
  return nullFits && takes(declared, source);
}

function kindOfLiteral(value: JSONValue): string {
  return typeof value === "object" ? "bigint" : typeof value;
}

function sameJson(a: JSONValue, b: JSONValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
