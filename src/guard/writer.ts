import type {
  DocumentByName,
  GenericDataModel,
  GenericDatabaseReader,
  GenericDatabaseWriter,
  GenericMutationCtx,
  TableNamesInDataModel,
  WithOptionalSystemFields,
  WithoutSystemFields,
} from "convex/server";
import type { GenericId } from "convex/values";
import type { MirrorIsReadOnly, NameATableOfYourOwn, NameTheTable, ReadOnlySentence } from "./messages.js";

/** How a write of the old form is written in the new one. */
type NewForm<Table extends string, Operation extends string> = Operation extends "delete"
  ? `db.delete('${Table}', id)`
  : `db.${Operation}('${Table}', id, value)`;

type SayWhichTable<
  Table extends string,
  Operation extends string,
> = `Say which table is written: ${NewForm<Table, Operation>}. The server then compares it with the id.`;

/**
 * The parameter of the old signatures, `db.patch(id, value)` and `db.delete(id)`: a type that no value has and that
 * says what to write instead. With these the table is only as true as the type of the id; with the table's name the
 * server compares the two.
 */
type TableOfId<Id extends string, Mirrors extends string, Operation extends string> = unknown extends Id
  ? never // `any`, which is assignable to every type but this one.
  : Id extends GenericId<infer Table>
    ? Table extends Mirrors
      ? MirrorIsReadOnly<ReadOnlySentence<Table>>
      : NameTheTable<SayWhichTable<Table, Operation>>
    : Id extends string
      ? NameTheTable<SayWhichTable<"table", Operation>>
      : Id; // Never reached: it lets the checker infer Id from the argument.

/** Whether `Table` is, or may be, a mirror. */
type MayBeMirror<Table, Mirrors extends string> = [Extract<Table, Mirrors>] extends [never] ? false : true;

/** What takes the place of a table that may not be written. */
type RefusedTable<Table, Mirrors extends string, Tables extends string> = unknown extends Table
  ? never // `any`, which is assignable to every type but this one.
  : [Tables, false] extends [Table, [Tables] extends [Mirrors] ? true : false]
    ? // Any table; also what the checker makes of a name that is no table. Editors complete from the second half.
      | NameATableOfYourOwn<"Name a table of the schema that is not a mirror, or narrow the type to WritableTableNames<typeof schema>.">
      | Exclude<Tables, Mirrors>
    : MirrorIsReadOnly<ReadOnlySentence<Extract<Table, Mirrors>>>;

/** The tables that are not mirrors; undecided, and so not spread out, while `Table` is a type parameter. */
type BoundOfWritable<Table, Mirrors extends string, Tables extends string> =
  MayBeMirror<Table, Mirrors> extends true ? never : Exclude<Tables, Mirrors>;

/**
 * `Table` itself when it is writable; when it is a mirror, a type that reads as a sentence and that no value has.
 *
 * Inside a function generic over `Table` this cannot be decided. The checker then drops the branch that could never
 * be taken if the type parameter were the most favourable type, which is the first, and compares with the second:
 * with the parameter, and with the writable tables. So `<Table extends WritableTableNames<typeof schema>>` compiles
 * and `<Table extends TableNames>` does not. (The order of the branches matters: swapped, neither would compile.)
 */
export type WritableTable<Table, Mirrors extends string, Tables extends string> =
  MayBeMirror<Table, Mirrors> extends true
    ? RefusedTable<Table, Mirrors, Tables>
    : Table & BoundOfWritable<Table, Mirrors, Tables>;

/** Convex's own type for the value of a patch. */
type PatchValue<Document> = {
  [Field in keyof Document]?: undefined extends Document[Field]
    ? Document[Field] | undefined
    : Document[Field];
};

declare const guarded: unique symbol;

/** What the old signatures "return": not a promise, so that they never pass for Convex's own. */
interface NeverReturned {
  readonly [guarded]: never;
}

/**
 * `ctx.db` of a guarded mutation: reads as Convex's own, and writes every table that is not a mirror.
 *
 * The write functions are properties, not methods, and there is a brand that only the guard gives. Methods are
 * compared bivariantly, so that a writer "without some tables" would pass as Convex's writer wherever one is asked
 * for, and protect nothing behind the first helper function. This type passes as a `DatabaseReader`; it does not pass
 * as a `DatabaseWriter`, nor the other way round.
 *
 * Writes name their table: `db.patch("notes", id, …)`. The server compares the name with the id.
 */
export interface GuardedDatabaseWriter<
  DataModel extends GenericDataModel,
  Mirrors extends string,
> extends GenericDatabaseReader<DataModel> {
  /** Inserts a document into a table that is not a mirror. */
  readonly insert: <Table extends TableNamesInDataModel<DataModel>>(
    table: WritableTable<Table, Mirrors, keyof DataModel & string>,
    value: WithoutSystemFields<DocumentByName<DataModel, Table>>,
  ) => Promise<GenericId<Table>>;

  /** Changes some fields of a document of a table that is not a mirror. */
  readonly patch: {
    <Table extends TableNamesInDataModel<DataModel>>(
      table: WritableTable<Table, Mirrors, keyof DataModel & string>,
      id: GenericId<NoInfer<Table>>,
      value: PatchValue<DocumentByName<DataModel, Table>>,
    ): Promise<void>;
    /** @deprecated Name the table: `db.patch("notes", id, value)`. */
    <Id extends string>(id: TableOfId<Id, Mirrors, "patch">, value: unknown): NeverReturned;
  };

  /** Replaces a document of a table that is not a mirror. */
  readonly replace: {
    <Table extends TableNamesInDataModel<DataModel>>(
      table: WritableTable<Table, Mirrors, keyof DataModel & string>,
      id: GenericId<NoInfer<Table>>,
      value: WithOptionalSystemFields<DocumentByName<DataModel, Table>>,
    ): Promise<void>;
    /** @deprecated Name the table: `db.replace("notes", id, value)`. */
    <Id extends string>(id: TableOfId<Id, Mirrors, "replace">, value: unknown): NeverReturned;
  };

  /** Deletes a document of a table that is not a mirror. */
  readonly delete: {
    <Table extends TableNamesInDataModel<DataModel>>(
      table: WritableTable<Table, Mirrors, keyof DataModel & string>,
      id: GenericId<NoInfer<Table>>,
    ): Promise<void>;
    /** @deprecated Name the table: `db.delete("notes", id)`. */
    <Id extends string>(id: TableOfId<Id, Mirrors, "delete">): NeverReturned;
  };

  /** Values that are not known until the mutation commits. */
  readonly vars: GenericDatabaseWriter<DataModel>["vars"];

  /** Only the guard makes a writer of this type. There is no such property at run time. */
  readonly [guarded]: (mirrors: Mirrors) => Mirrors;
}

/** The `ctx` of a guarded mutation: Convex's own, with a `db` that cannot write a mirror. */
export interface GuardedMutationCtx<DataModel extends GenericDataModel, Mirrors extends string> extends Omit<
  GenericMutationCtx<DataModel>,
  "db"
> {
  /** Reads every table, and writes every table that is not a mirror. */
  readonly db: GuardedDatabaseWriter<DataModel, Mirrors>;
}
