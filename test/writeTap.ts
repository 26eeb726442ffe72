/** A write of a document, as it goes from a function to the database. */
export interface Write {
  op: "insert" | "patch" | "replace" | "delete";
  table: string;
  /** The document or its part, in Convex's JSON; absent for a delete. */
  value?: Record<string, unknown>;
}

/** What went to the database, and what must not get there. */
export interface WriteTap {
  /** The writes to a table since it was last asked, those of transactions that failed too. */
  take: (table: string) => Write[];
  /** Called before each write, which waits for it, and does not happen when it throws. */
  before: ((write: Write) => void | Promise<void>) | null;
}

/** The door from Convex functions to the database, which convex-test puts up. */
interface Convex {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}

const WRITES: Record<string, Write["op"]> = {
  "1.0/insert": "insert",
  "1.0/shallowMerge": "patch",
  "1.0/replace": "replace",
  "1.0/remove": "delete",
};

let original: Convex | null = null;
let onWrite: (write: Write) => Promise<void> = async () => Promise.resolve();

/** Listens to all writes from now on; the tap before it hears nothing any more. */
export function tapWrites(): WriteTap {
  putListenerUp();
  let writes: Write[] = [];
  const tap: WriteTap = {
    before: null,
    take: (table) => {
      const taken = writes.filter((write) => write.table === table);
      writes = writes.filter((write) => write.table !== table);
      return taken;
    },
  };
  onWrite = async (write) => {
    writes.push(write);
    await tap.before?.(write);
  };
  return tap;
}

function putListenerUp(): void {
  if (original !== null) return;
  const convex = (globalThis as unknown as { Convex: Convex }).Convex;
  original = convex;
  (globalThis as unknown as { Convex: Convex }).Convex = {
    syscall: (op, args) => convex.syscall(op, args),
    jsSyscall: (op, args) => convex.jsSyscall(op, args),
    asyncSyscall: async (op, args) => {
      const kind = WRITES[op];
      if (kind !== undefined) {
        const { table, value } = JSON.parse(args) as { table: string; value?: Record<string, unknown> };
        await onWrite({ op: kind, table, ...(value !== undefined && { value }) });
      }
      return await convex.asyncSyscall(op, args);
    },
  };
}
