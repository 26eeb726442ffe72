import type { GenericValidator } from "convex/values";

/** The fields of a mirror, as its declaration writes them. */
export type Fields = Record<string, GenericValidator>;

/** The validators from the top-level field down to the leaf of a dotted path. */
export function validatorsAlong(fields: Fields, path: string, option: string): GenericValidator[] {
  const along: GenericValidator[] = [];
  let current: Fields | null = fields;
  for (const name of path.split(".")) {
    if (current === null) refuse(`"${option}" names "${path}", but "${name}" is not inside an object.`);
    const validator: GenericValidator | undefined = Object.hasOwn(current, name) ? current[name] : undefined;
    if (validator === undefined) {
      refuse(
        `"${option}" names "${path}", but there is no field "${name}"; the fields are ${Object.keys(current).join(", ")}.`,
      );
    }
    along.push(validator);
    current = validator.kind === "object" ? (validator.fields as Fields) : null;
  }
  return along;
}

/** The validator of a field of the row itself, not of one inside an object. */
export function ownField(fields: Fields, name: unknown, option: string): GenericValidator {
  if (typeof name !== "string")
    refuse(`"${option}" is the name of a field: ${option}: "${Object.keys(fields)[0] ?? "field"}".`);
  const validator = validatorsAlong(fields, name, option).at(-1)!;
  if (!Object.hasOwn(fields, name)) {
    refuse(`"${option}" names "${name}", which is inside of an object; it takes fields of the row itself.`);
  }
  return validator;
}

/** The kinds of value that a validator admits, one by one. */
export function leafKinds(validator: GenericValidator): string[] {
  return validator.kind === "union" ? validator.members.flatMap(leafKinds) : [validator.kind];
}

/** The top-level field that a dotted path leads into. */
export function headOf(path: string): string {
  return path.split(".", 1)[0]!;
}

/** Refuses a declaration at definition time, so that `npx convex dev` does not push it. */
export function refuse(message: string): never {
  throw new Error(`mirrorTable: ${message}`);
}

/** How a message shows a wrong value. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * True for a name that a Convex schema can declare a field by. Documents may have fields of other names (`first name`),
 * but only inside of v.any() and v.record().
 */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
}
