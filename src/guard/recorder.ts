import type { FunctionReference, GenericMutationCtx, GenericDataModel } from "convex/server";

/** The rows of one exported table that a transaction changed. */
type TableChange = { table: string; written: string[]; deleted: string[] };

/** The part of the component that records changes: `components.streamingImport`. */
export interface ExportComponent {
  /** The functions of the change feed that the guard calls. */
  readonly changeFeed: {
    readonly record: FunctionReference<"mutation", "internal", { changes: TableChange[] }, null>;
  };
}

/** Elements that an argument of a Convex function may have in one array, with a margin. */
const MAX_IDS = 8_000;

/**
 * Collects which rows of exported tables a mutation changes while its handler runs, and records them with one call of
 * the component when it has returned. The call is a part of the transaction: rows and feed commit together.
 */
export class Recorder {
  /** Per table and id, whether the row was deleted: the last write decides. */
  readonly #changes = new Map<string, Map<string, boolean>>();
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  /** False when the handler has returned: a write would no longer be recorded. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Waits for a write. Only one that succeeds is recorded: `change` says what it changed. */
  async watch<Result>(
    write: Promise<Result>,
    change: (result: Result) => { table: string; id: string; gone: boolean } | null,
  ): Promise<Result> {
    const noted = write.then((result) => {
      const made = change(result);
      if (made !== null) {
        const { table, id, gone } = made;
        const rows = this.#changes.get(table) ?? new Map<string, boolean>();
        this.#changes.set(table, rows.set(id, gone));
      }
      return result;
    });
    this.#pending.add(noted);
    try {
      return await noted;
    } finally {
      this.#pending.delete(noted);
    }
  }

  /** Records what was changed, writes that the handler did not wait for included. */
  async finish(ctx: Pick<GenericMutationCtx<GenericDataModel>, "runMutation">, component: ExportComponent) {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    this.#closed = true;
    const changes = [...this.#changes].flatMap(([table, rows]) => {
      const parts: TableChange[] = [];
      const ids = [...rows];
      for (let from = 0; from < ids.length; from += MAX_IDS) {
        const part = ids.slice(from, from + MAX_IDS);
        parts.push({
          table,
          written: part.filter(([, gone]) => !gone).map(([id]) => id),
          deleted: part.filter(([, gone]) => gone).map(([id]) => id),
        });
      }
      return parts;
    });
    if (changes.length > 0) await ctx.runMutation(component.changeFeed.record, { changes });
  }
}

/** Where a ctx holds its recorder: a spread of the ctx keeps it, as customisations and libraries make one. */
const RECORDER = Symbol("recorder");

export function recorderOf(ctx: object): Recorder | null {
  return (ctx as { [RECORDER]?: Recorder })[RECORDER] ?? null;
}

export function withRecorder<Ctx extends object>(ctx: Ctx, recorder: Recorder): Ctx {
  return { ...ctx, [RECORDER]: recorder };
}
