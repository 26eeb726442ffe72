import { eachMember } from "./jsonSpan.js";
import { fitted, MAX_ROW_BYTES } from "./oversized.js";
import { parseJson, writeJson } from "../../core/rows/json.js";
import type { JsonObject } from "../../core/rows/values.js";
import type { DeliveryBody } from "./body.js";
import { usageError } from "../terminal/exit.js";
import type { RawRow } from "./rows.js";

const [OPEN, COMMA, CLOSE] = [Buffer.from("{"), Buffer.from(","), Buffer.from("}")];

/** Which columns of a file go to the mirror, and under which names. */
export class Mapping {
  readonly #renamed: Map<string, string>;
  readonly #only: Set<string> | null;
  readonly #dropped: Set<string>;
  /** Nothing is renamed or left out: rows may be passed on as they are. */
  readonly isIdentity: boolean;

  /** @param renames "column=field", as on the command line. @throws CliError */
  constructor(renames: readonly string[], only: readonly string[], dropped: readonly string[]) {
    this.#renamed = new Map(renames.map(readRename));
    this.#only = only.length === 0 ? null : new Set(only);
    this.#dropped = new Set(dropped);
    this.isIdentity = renames.length === 0 && only.length === 0 && dropped.length === 0;
  }

  /** The name of a column at the mirror; null when it is left out. */
  nameOf(column: string): string | null {
    if (this.#dropped.has(column)) return null;
    const renamed = this.#renamed.get(column);
    if (this.#only !== null && !this.#only.has(column) && renamed === undefined) return null;
    return renamed ?? column;
  }

  /** Columns that the options name and that are not among those of the file. */
  notAmong(columns: readonly string[]): string[] {
    const named = new Set([...this.#renamed.keys(), ...(this.#only ?? []), ...this.#dropped]);
    return [...named].filter((column) => !columns.includes(column));
  }

  /** Adds a row to a body, its values as they stand in the file; of one that no request can carry, cut. */
  addTo(body: DeliveryBody, row: RawRow): void {
    const { bytes, start, end } = row.end - row.start > MAX_ROW_BYTES ? fittedRow(row) : row;
    body.begin("upsert");
    if (this.isIdentity) {
      body.copy(bytes, start, end);
    } else {
      let first = true;
      body.copy(OPEN, 0, 1);
      eachMember(bytes, start, end, (keyStart, keyEnd, valueStart, valueEnd) => {
        const column = JSON.parse(bytes.toString("utf8", keyStart - 1, keyEnd + 1)) as string;
        const name = this.nameOf(column);
        if (name === null) return;
        if (!first) body.copy(COMMA, 0, 1);
        first = false;
        body.text(`${JSON.stringify(name)}:`);
        body.copy(bytes, valueStart, valueEnd);
      });
      body.copy(CLOSE, 0, 1);
    }
    body.flatten();
    body.finish();
  }
}

function readRename(rename: string): [string, string] {
  const at = rename.lastIndexOf("=");
  if (at < 1 || at === rename.length - 1) throw usageError(`--map takes column=field, not "${rename}".`);
  return [rename.slice(0, at), rename.slice(at + 1)];
}

function fittedRow({ bytes, start, end }: RawRow): RawRow {
  const row = parseJson(bytes.toString("utf8", start, end)) as JsonObject;
  const cut = Buffer.from(writeJson(fitted(row)));
  return { bytes: cut, start: 0, end: cut.length };
}
