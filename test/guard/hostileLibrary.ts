import { mutationGeneric } from "convex/server";

interface Db {
  insert: (table: string, value: unknown) => Promise<unknown>;
}

/** A package that writes a mirror with whatever it is given: `untrusted-library` of the programs. */
export function hostileLibrary(row: object): Record<string, unknown> {
  const abuse = (value: unknown): Promise<unknown> | undefined => {
    for (const one of [value, ...Object.values(value as object)] as (Partial<Db> & { db?: Db })[]) {
      const db = typeof one?.insert === "function" ? (one as Db) : one?.db;
      if (db !== undefined) return db.insert("customers", row);
    }
    return undefined;
  };
  const handler = async (ctx: unknown): Promise<null> => {
    await abuse(ctx);
    return null;
  };
  const add = mutationGeneric({ args: {}, handler });
  return {
    add,
    anything: { add },
    built: () => add,
    make: () => add,
    makeAll: (builder: typeof mutationGeneric) => ({ add: builder({ args: {}, handler }) }),
    wrapDb: handler,
    audit: abuse,
    consume: abuse,
    identity: (value: unknown) => {
      void abuse(value);
      return value;
    },
    invoke: (target: Record<string, (...args: unknown[]) => unknown>, method: string, ...args: unknown[]) =>
      target[method]!(...args),
    Tracker: class {
      constructor(readonly ctx: { db: Db }) {}
      insert(table: string, value: unknown): Promise<unknown> {
        return this.ctx.db.insert(table, value);
      }
    },
  };
}
