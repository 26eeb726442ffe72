import { CliError } from "../../terminal/exit.js";
import path from "node:path";
import type { Json, JsonObject } from "../../../core/rows/values.js";
import { parseDateTime } from "../../../core/rows/dates.js";
import { parseJson } from "../../../core/rows/json.js";
import { readCopy, readCsv } from "../../files/csv.js";
import { count as counted } from "../../../core/words.js";
import { Mapping } from "../../files/mapping.js";
import { readJson, readNdjson, type Rows } from "../../files/rows.js";
import { openSource } from "../../files/source.js";
import type { MirrorInfo } from "../../../core/wire/v1.js";
import { TextSketch, ValueSketch } from "./inference.js";
import type { SourceColumn, SourceSchema } from "../model.js";
import type { Io } from "../../terminal/io.js";

export interface SampleOptions {
  /** The table; default: the name of the file. */
  name?: string | undefined;
  /** Columns that name a row. */
  key: readonly string[];
  /** How many rows are looked at. */
  rows: number;
  format?: string | undefined;
  encoding?: string | undefined;
  delimiter?: string | undefined;
  /** CSV: unquoted texts that mean NULL. */
  nulls?: readonly string[] | undefined;
}

/** A mirror that declares nothing: every column of a CSV file comes as the text that it is. */
const NO_FIELDS: MirrorInfo = { name: "", source: null, primaryKey: null, version: null };

const AS_IT_IS = new Mapping([], [], []);

/**
 * The table of a file: CSV, JSON or JSON by lines, gzip or not, with types that fit all values of its first rows.
 *
 * @throws CliError for a file that cannot be read as what it is
 */
export async function readSample(io: Io, file: string, options: SampleOptions): Promise<SourceSchema> {
  const source = await openSource(io, file, options);
  const csv = {
    delimiter: options.delimiter ?? source.delimiter,
    header: null,
    nulls: options.nulls === undefined ? null : [...options.nulls],
  };
  const rows =
    source.format === "csv" || source.format === "copy"
      ? (source.format === "csv" ? readCsv : readCopy)(source.bytes, csv, NO_FIELDS, AS_IT_IS)
      : source.format === "json"
        ? readJson(source.bytes)
        : readNdjson(source.bytes);
  const { columns, count, isWhole } = await sketch(
    rows,
    options.rows,
    source.format === "csv" || source.format === "copy",
  );
  if (count === 0) throw new CliError("NoTables", `${file} has no rows, so its types are unknown.`);
  for (const name of options.key) {
    if (!columns.has(name))
      throw new CliError(
        "UnknownColumn",
        `--key names "${name}"; the columns are ${[...columns.keys()].join(", ")}.`,
      );
  }
  const table = {
    namespace: null,
    name: options.name ?? nameOf(file),
    comment: null,
    columns: [...columns].map(([name, column]) => column.result(name, count)),
    primaryKey: options.key.length === 0 ? null : options.key.map((name) => [name]),
    version: null,
    notes: isWhole ? [] : [`types are those of the first ${counted(count, "row")}; --rows looks at more`],
  };
  return { tables: [table], namespaces: [] };
}

/** What the values of a column are, learnt one by one. */
class ColumnSketch {
  readonly #values = new ValueSketch();
  readonly #texts: TextSketch | null;
  #count = 0;
  #isMoments = true;

  constructor(isText: boolean) {
    this.#texts = isText ? new TextSketch() : null;
  }

  add(value: Json): void {
    this.#count++;
    if (typeof value === "string") this.#isMoments &&= parseDateTime(value) !== null;
    if (this.#texts !== null && typeof value === "string") this.#texts.add(value);
    else this.#values.add(value, 1);
  }

  /** @param rows How many rows there were; some may not have had the column. */
  result(name: string, rows: number): SourceColumn {
    const values = this.#texts ?? this.#values;
    const validator = values.result();
    return {
      name,
      validator,
      nullable: this.#values.hasNull && validator.type !== "any",
      optional: this.#count < rows,
      alternatives: values.alternatives(),
      isMoment: this.#isMoments,
    };
  }
}

async function sketch(rows: Rows, most: number, isText: boolean) {
  const columns = new Map<string, ColumnSketch>();
  let count = 0;
  for await (const some of rows) {
    for (const { bytes, start, end } of some) {
      if (count === most) return { columns, count, isWhole: false };
      count++;
      for (const [name, value] of Object.entries(
        parseJson(bytes.toString("utf8", start, end)) as JsonObject,
      )) {
        const column = columns.get(name) ?? new ColumnSketch(isText);
        columns.set(name, column);
        column.add(value);
      }
    }
  }
  return { columns, count, isWhole: true };
}

/** `exports/Order Items.csv.gz` is a file of `Order Items`. */
function nameOf(file: string): string {
  if (file === "-") throw new CliError("NoSource", "Standard input has no name. Pass --table <name>.");
  return path.basename(file).replace(/(?:\.[A-Za-z]+){1,2}$/, "");
}
