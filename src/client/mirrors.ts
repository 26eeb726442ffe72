import type { GenericValidator } from "convex/values";
import type { GenericActionCtx, GenericDataModel } from "convex/server";
import { cleanTableName } from "../core/rows/names.js";
import { compileMirror, type CompiledMirror } from "../core/rows/row.js";
import { isAscii } from "../core/rows/transliterate.js";
import {
  checkStreams,
  sourceOf,
  streamOf,
  TableMirrors,
  type AppSchema,
  type TableMirror,
} from "./tables/tableMirrors.js";

/** A mirror of the deployed schema, with what the importer derives from its contract. */
export interface AppMirror extends TableMirror {
  compiled: CompiledMirror;
  /** As connectors name the stream, cleaned: "public_customers". */
  stream: string;
  /** The stream without its namespace, cleaned: "customers". */
  bareStream: string;
}

/** The mirrors of a schema, found by table name or by the stream that feeds them. */
export class AppMirrors {
  readonly all: readonly AppMirror[];
  readonly #byName: ReadonlyMap<string, AppMirror>;
  readonly #byStream: ReadonlyMap<string, AppMirror>;

  /** @throws Error when one stream would feed two mirrors, or a contract contradicts itself. */
  constructor(
    schema: AppSchema,
    hashKey?: string,
    tables: readonly TableMirror[] = new TableMirrors(schema).all,
  ) {
    this.all = tables.map((mirror) => describeMirror(mirror, schema.tables[mirror.name]!.validator, hashKey));
    this.#byName = new Map(this.all.map((mirror) => [mirror.name, mirror]));
    this.#byStream = checkStreams(this.all);
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
  mirror: TableMirror,
  validator: GenericValidator,
  hashKey: string | undefined,
): AppMirror {
  const source = sourceOf(mirror);
  return {
    ...mirror,
    compiled: compileMirror(validator, mirror.contract, { hashKey }),
    stream: streamOf(mirror),
    bareStream: cleanTableName(source.slice(source.indexOf(".") + 1)),
  };
}

/** Whether to compile these mirrors takes `loadScripts`. */
export function haveOtherScripts(mirrors: readonly TableMirror[]): boolean {
  return !mirrors.every((mirror) => {
    const { columns, drop } = mirror.contract;
    return [sourceOf(mirror), ...Object.values(columns), ...drop].every(isAscii);
  });
}

/** The part of an action's context that the importer uses. */
export type RunsFunctions = Pick<GenericActionCtx<GenericDataModel>, "runQuery" | "runMutation">;
