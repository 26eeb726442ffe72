import type { GenericValidator, ObjectFieldType } from "convex/values";
import { cleanTableName } from "../../core/rows/names.js";
import { isAscii } from "../../core/rows/transliterate.js";
import {
  CONTENT_INDEX,
  CONTENT_KEY_FIELD,
  mirrorContracts,
  PRIMARY_KEY_INDEX,
  type MirrorContract,
} from "../../schema/contract.js";
import { exportContracts } from "../../schema/exportTable.js";
import { markerKind, type MarkerKind } from "../../schema/softDelete.js";

/**
 * A mirror of the deployed schema, as the functions that read and write it need it. Every call of them evaluates this
 * file and what it imports, so how rows are converted is elsewhere: see `../mirrors.ts`.
 */
export interface TableMirror {
  name: string;
  contract: MirrorContract;
  /** Index and fields that find a row by its key. */
  keyIndex: string;
  keyFields: readonly string[];
  /** Kind of the field that marks deleted rows, when they stay. */
  markerKind: MarkerKind | null;
  /** Whether readers may replicate it, so that its writes are recorded in the change feed. */
  exported: boolean;
  /** The validator of its rows, as JSON. Made when it is asked for: most calls do not. */
  readonly fields: Readonly<Record<string, ObjectFieldType>>;
}

export type AppSchema = { tables: Record<string, { validator: GenericValidator }> };

/** The mirrors of a schema by table name. */
export class TableMirrors {
  readonly all: readonly TableMirror[];
  readonly #byName: ReadonlyMap<string, TableMirror>;

  /** @throws Error when one stream would feed two mirrors, so that a push is refused. */
  constructor(schema: AppSchema) {
    const exported = exportContracts(schema);
    this.all = [...mirrorContracts(schema)].map(([name, contract]) =>
      describeTable(name, contract, schema.tables[name]!.validator, exported.has(name)),
    );
    this.#byName = new Map(this.all.map((mirror) => [mirror.name, mirror]));
    // Sources in other scripts wait for `AppMirrors`: their names cannot be cleaned here.
    checkStreams(this.all.filter((mirror) => isAscii(sourceOf(mirror))));
  }

  /** The mirror of that table. @throws Error when there is none: the caller's own code is out of step. */
  get(name: string): TableMirror {
    const mirror = this.#byName.get(name);
    if (mirror === undefined) throw new Error(`"${name}" is not a mirror of this schema.`);
    return mirror;
  }
}

/** The mirrors by the streams that feed them. @throws Error when one stream would feed two mirrors */
export function checkStreams<Mirror extends TableMirror>(mirrors: readonly Mirror[]): Map<string, Mirror> {
  const byStream = new Map<string, Mirror>();
  for (const mirror of mirrors) {
    const stream = streamOf(mirror);
    const other = byStream.get(stream);
    if (other !== undefined) {
      throw new Error(
        `The stream "${stream}" would feed both of the mirrors "${other.name}" and "${mirror.name}"; its rows can go to one of them only. Name another source, or drop one of the two.`,
      );
    }
    byStream.set(stream, mirror);
  }
  return byStream;
}

export function sourceOf({ name, contract }: Pick<TableMirror, "name" | "contract">): string {
  return contract.source ?? name;
}

/** As connectors name the stream: destination-convex joins namespace and stream with "_" before the name is cleaned. */
export function streamOf(mirror: Pick<TableMirror, "name" | "contract">): string {
  return cleanTableName(sourceOf(mirror).replace(".", "_"));
}

function describeTable(
  name: string,
  contract: MirrorContract,
  validator: GenericValidator,
  exported: boolean,
): TableMirror {
  const keyed = contract.primaryKey !== null;
  return {
    name,
    contract,
    keyIndex: keyed ? PRIMARY_KEY_INDEX : CONTENT_INDEX,
    keyFields: contract.primaryKey ?? [CONTENT_KEY_FIELD],
    markerKind: contract.deletedField === null ? null : markerKindOf(validator, contract.deletedField),
    exported,
    get fields() {
      return (validator as unknown as { json: { value: Record<string, ObjectFieldType> } }).json.value;
    },
  };
}

function markerKindOf(validator: GenericValidator, field: string): MarkerKind {
  const { fields } = validator as unknown as { fields: Record<string, GenericValidator> };
  return markerKind(fields[field]!);
}
