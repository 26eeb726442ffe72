import type { GenericId } from "convex/values";
import type { MirrorIsReadOnly, NameTheTable, ReadOnlySentence } from "./messages.js";

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
export type TableOfId<
  Id extends string,
  Mirrors extends string,
  Operation extends string,
> = unknown extends Id
  ? never // `any`, which is assignable to every type but this one.
  : Id extends GenericId<infer Table>
    ? Table extends Mirrors
      ? MirrorIsReadOnly<ReadOnlySentence<Table>>
      : NameTheTable<SayWhichTable<Table, Operation>>
    : Id extends string
      ? NameTheTable<SayWhichTable<"table", Operation>>
      : Id; // Never reached: it lets the checker infer Id from the argument.
