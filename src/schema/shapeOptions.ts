import type { MirrorContract } from "./contract.js";
import { headOf, leafKinds, ownField, type Fields, refuse, shown } from "./fields.js";

type Shape = Pick<MirrorContract, "columns" | "drop" | "hash" | "where">;

/**
 * Refuses a shape that contradicts the fields or itself.
 *
 * @param fields Those that the source feeds.
 */
export function checkShape(
  fields: Fields,
  options: { columns?: unknown; drop?: unknown; hash?: unknown; where?: unknown },
): Shape {
  const columns = checkColumns(fields, options.columns ?? {});
  const where = options.where ?? null;
  if (where !== null && typeof where !== "function") {
    refuse(`"where" is ${shown(where)}; write a function of the row: where: (row) => row.active.`);
  }
  return {
    columns,
    drop: checkDrop(fields, columns, options.drop ?? []),
    hash: checkHash(fields, options.hash ?? []),
    where: where as Shape["where"],
  };
}

function checkColumns(fields: Fields, columns: unknown): Record<string, string> {
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) {
    refuse(
      `"columns" is ${shown(columns)}; write an object from fields to source columns: columns: { grossUs: "US Gross" }.`,
    );
  }
  const checked: Record<string, string> = {};
  for (const [field, column] of Object.entries(columns)) {
    ownField(fields, field, "columns");
    if (typeof column !== "string" || column === "") {
      refuse(`"columns" maps "${field}" to ${shown(column)}; write the name of a source column.`);
    }
    checked[field] = column;
  }
  const feeds = new Map<string, string>();
  for (const field of Object.keys(fields)) {
    const column = columnOf(checked, field);
    const other = feeds.get(column);
    if (other !== undefined) {
      refuse(
        `the fields "${other}" and "${field}" are both fed by the source column "${column}"; a column feeds one field.`,
      );
    }
    feeds.set(column, field);
  }
  return Object.freeze(checked);
}

/** The source column of a field. Whether two are one once they are cleaned, `compileMirror` asks. */
function columnOf(columns: Readonly<Record<string, string>>, field: string): string {
  return Object.hasOwn(columns, field) ? columns[field]! : field;
}

function checkDrop(fields: Fields, columns: Record<string, string>, drop: unknown): string[] {
  const names = checkNames(drop, "drop", "source columns", "ssn");
  for (const name of names) {
    const fed = Object.keys(fields).find((field) => {
      const column = columnOf(columns, field);
      return column === name || column === headOf(name);
    });
    if (fed === undefined) continue;
    if (columnOf(columns, fed) === name) {
      refuse(`the column "${name}" is dropped, but feeds the field "${fed}"; remove one of the two.`);
    }
    // Inside of a declared object, or of v.any(): fine, unless the object declares it.
    const declared = insideOf(fields[fed]!, name.slice(headOf(name).length + 1));
    if (declared) refuse(`"${name}" is dropped, but declared in the field "${fed}"; remove one of the two.`);
  }
  return names;
}

function insideOf(validator: Fields[string], path: string): boolean {
  if (validator.kind !== "object") return false;
  const inner = validator.fields as Fields;
  const head = headOf(path);
  if (!Object.hasOwn(inner, head)) return false;
  return head === path || insideOf(inner[head]!, path.slice(head.length + 1));
}

function checkHash(fields: Fields, hash: unknown): string[] {
  const names = checkNames(hash, "hash", "fields", "email");
  for (const name of names) {
    const kinds = leafKinds(ownField(fields, name, "hash"));
    const unfit = kinds.find((kind) => kind !== "string" && kind !== "null");
    if (unfit !== undefined || !kinds.includes("string")) {
      refuse(
        `the field "${name}" is of kind ${unfit ?? "null"}, but a hash is text; declare it as v.string().`,
      );
    }
  }
  return names;
}

function checkNames(names: unknown, option: string, what: string, example: string): string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
    refuse(`"${option}" is ${shown(names)}; write a list of ${what}: ${option}: ["${example}"].`);
  }
  return [...new Set(names as string[])];
}
