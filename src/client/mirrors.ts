import type { GenericValidator, ObjectFieldType } from "convex/values";
import { cleanTableName } from "../core/rows/identifiers.js";
import { compileMirror, type CompiledMirror } from "../core/rows/row.js";
import {
  CONTENT_INDEX,
  CONTENT_KEY_FIELD,
  mirrorContracts,
  PRIMARY_KEY_INDEX,
  type MirrorContract,
} from "../schema/contract.js";
import { exportContracts } from "../schema/exportTable.js";
import { markerKind, type MarkerKind } from "../schema/softDelete.js";
import type { GenericActionCtx, GenericDataModel } from "convex/server";

/** A mirror of the deployed schema, with what the importer derives from its contract. */
export interface AppMirror {
  name: string;
  contract: MirrorContract;
  /** Index and fields that find a row by its key. */
  keyIndex: string;
  keyFields: readonly string[];
  compiled: CompiledMirror;
  /** The validator of its rows, as JSON, for `GET /v1/mirrors`. */
  fields: Readonly<Record<string, ObjectFieldType>>;
  /** Kind of the field that marks deleted rows, when they stay. */
  markerKind: MarkerKind | null;
  /** Whether readers may replicate it, so that its writes are recorded in the change feed. */
  exported: boolean;
  /** As connectors name the stream, cleaned: "public_customers". */
  stream: string;
  /** The stream without its namespace, cleaned: "customers". */
  bareStream: string;
}

type Schema = { tables: Record<string, { validator: GenericValidator }> };

/** The mirrors of a schema, found by table name or by the stream that feeds them. */
export class AppMirrors {
  readonly all: AppMirror[];
  readonly #byName: Map<string, AppMirror>;
  readonly #byStream: Map<string, AppMirror>;

  /** @throws Error when one stream would feed two mirrors. */
  constructor(schema: Schema, hashKey?: string) {
    const exported = exportContracts(schema);
    this.all = [...mirrorContracts(schema)].map(([name, contract]) => ({
      ...describeMirror(name, contract, schema.tables[name]!.validator, hashKey),
      exported: exported.has(name),
    }));
    this.#byName = new Map(this.all.map((mirror) => [mirror.name, mirror]));
    this.#byStream = new Map(this.all.map((mirror) => [mirror.stream, mirror]));
    for (const mirror of this.all) {
      const other = this.#byStream.get(mirror.stream)!;
      if (other !== mirror) {
        throw new Error(
          `The stream "${mirror.stream}" would feed both of the mirrors "${mirror.name}" and "${other.name}"; its rows can go to one of them only. Name another source, or drop one of the two.`,
        );
      }
    }
  }

  /** The mirror of that table. @throws Error when there is none: the caller's own code is out of step. */
  get(name: string): AppMirror {
    const mirror = this.#byName.get(name);
    if (mirror === undefined) throw new Error(`"${name}" is not a mirror of this schema.`);
    return mirror;
  }

  /** The mirror that declares the stream as its source; else the one that is named like it. */
  find(stream: string): AppMirror | null {
    return this.#byStream.get(stream) ?? this.#byName.get(stream) ?? null;
  }

  /** The only mirror whose source is this stream, or has it in whatever namespace. */
  findByBareStream(stream: string): AppMirror | null {
    const [only, another] = this.all.filter(
      (mirror) => mirror.stream === stream || mirror.bareStream === stream,
    );
    return only !== undefined && another === undefined ? only : null;
  }
}

/** Whether a connector that names this stream in full may call it, or another with its name, by the mirror's. */
export function mayBeShortened(mirror: AppMirror, fullName: string): boolean {
  const bare = mirror.bareStream.replace(/^source_/, "");
  return [mirror.stream, mirror.bareStream].includes(fullName) || fullName.endsWith(`_${bare}`);
}

function describeMirror(
  name: string,
  contract: MirrorContract,
  validator: GenericValidator,
  hashKey: string | undefined,
): Omit<AppMirror, "exported"> {
  const source = contract.source ?? name;
  const keyed = contract.primaryKey !== null;
  return {
    name,
    contract,
    keyIndex: keyed ? PRIMARY_KEY_INDEX : CONTENT_INDEX,
    keyFields: contract.primaryKey ?? [CONTENT_KEY_FIELD],
    compiled: compileMirror(validator, contract, { hashKey }),
    fields: (validator as unknown as { json: { value: Record<string, ObjectFieldType> } }).json.value,
    markerKind: contract.deletedField === null ? null : markerKindOf(validator, contract.deletedField),
    // destination-convex joins namespace and stream with "_" before the name is cleaned.
    stream: cleanTableName(source.replace(".", "_")),
    bareStream: cleanTableName(source.slice(source.indexOf(".") + 1)),
  };
}

function markerKindOf(validator: GenericValidator, field: string): MarkerKind {
  const { fields } = validator as unknown as { fields: Record<string, GenericValidator> };
  return markerKind(fields[field]!);
}

/** The part of an action's context that the importer uses. */
export type RunsFunctions = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation">;
