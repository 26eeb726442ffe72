import { isObject, type Json, type JsonObject } from "../../core/rows/values.js";

/**
 * What a reader asks for: which components, tables and columns. Only the app itself has tables to export; its path is "".
 */
export interface Selection {
  /** Which columns of a table of the app are wanted; null when the table is not. */
  columns(table: string): ColumnFilter | null;
  /** The table or component that the request names, in words, when it names one. */
  readonly named: string | null;
}

/** Whether a top-level field is wanted. `_id` always is. */
type ColumnFilter = (field: string) => boolean;

const ROOT = "";

/** Characters of a name that a message repeats. */
const MAX_SHOWN = 64;

const everyColumn: ColumnFilter = () => true;

/** Everything. */
export const everything: Selection = { named: null, columns: () => everyColumn };

/** One table of one component. */
export function onlyTable(table: string, component = ROOT): Selection {
  return {
    named: `table "${table.slice(0, MAX_SHOWN)}"`,
    columns: (name) => (component === ROOT && name === table ? everyColumn : null),
  };
}

/** The tables of one component. */
export function onlyComponent(component: string): Selection {
  return {
    named: component === ROOT ? null : `component "${component.slice(0, MAX_SHOWN)}"`,
    columns: () => (component === ROOT ? everyColumn : null),
  };
}

/** A selection that cannot be understood. The backend exports everything instead, or answers 500. */
export class SelectionError extends Error {
  override name = "SelectionError";

  /** @param shape Whether it is no selection at all, or one of names that cannot be. */
  constructor(
    readonly shape: "malformed" | "invalid",
    message: string,
  ) {
    super(message);
  }
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Parses `{"_other": "included", "<component>": {"_other": …, "<table>": {"_other": …, "<column>": …}}}`. */
export function parseSelection(json: Json): Selection {
  const components = readLevel(json, "selection", (component, at) => {
    if (component !== ROOT && !component.split("/").every((part) => IDENTIFIER.test(part)))
      throw invalid(`"${component}" at ${at} is not the path of a component`);
    return (tables, path) =>
      readLevel(tables, path, (table, where) => {
        checkName(table, where);
        return (columns, place) => readLevel(columns, place, (column, spot) => readColumn(column, spot));
      });
  });
  const root = components(ROOT);
  return {
    named: null,
    columns: (table) => {
      if (typeof root === "boolean") return root ? everyColumn : null;
      const chosen = root(table);
      if (typeof chosen === "boolean") return chosen ? everyColumn : null;
      return (column) => column === "_id" || chosen(column);
    },
  };
}

function readColumn(column: string, at: string): (json: Json, path: string) => never {
  checkName(column, at);
  return (_, path) => {
    throw malformed(`${path} must be "included" or "excluded"`);
  };
}

/** A level: what each name listed says, and `_other` for all others. A listed name wins. */
function readLevel<Inner>(
  json: Json,
  path: string,
  inner: (name: string, path: string) => (json: Json, path: string) => Inner,
): (name: string) => boolean | Inner {
  if (!isObject(json)) throw malformed(`${path} must be an object with "_other"`);
  const { _other: rest, ...listed }: JsonObject = json;
  if (rest === undefined) throw malformed(`${path} lacks "_other"`);
  const others = readWord(rest);
  if (others === null) throw malformed(`${path}._other must be "included" or "excluded"`);
  const entries = new Map(
    Object.entries(listed).map(([name, value]) => {
      const at = `${path}.${name}`;
      const read = inner(name, path);
      const word = readWord(value);
      if (word === false && name === "_id") throw invalid("`_id` must be included in the column selection");
      return [name, word ?? read(value, at)];
    }),
  );
  return (name) => entries.get(name) ?? others;
}

function readWord(json: Json): boolean | null {
  if (json === "included" || json === "incl") return true;
  return json === "excluded" || json === "excl" ? false : null;
}

function checkName(name: string, at: string): void {
  if (!IDENTIFIER.test(name)) throw invalid(`"${name}" at ${at} is not an identifier`);
}

function malformed(message: string): SelectionError {
  return new SelectionError("malformed", message);
}

function invalid(message: string): SelectionError {
  return new SelectionError("invalid", message);
}
