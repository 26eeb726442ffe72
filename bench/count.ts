/** Counts what functions do to the database, at its door, as production counts it. */
import { convexToJson, getConvexSize, type JSONValue, jsonToConvex, type Value } from "convex/values";
import type { World } from "../test/core/support/world.js";

/** What some work cost. */
export interface Cost {
  /** The HTTP actions, and each query, mutation and scheduled function that runs by itself; nested ones are free. */
  calls: number;
  /** Ranges of indexes: each query, each page, each get; and one for each patch, replace and delete. */
  ranges: number;
  documentsRead: number;
  /** In the app's tables and in the component's. */
  mirrorWrites: number;
  ledgerWrites: number;
  mirrorBytes: number;
  ledgerBytes: number;
}

const nothing = (): Cost => ({
  calls: 0,
  ranges: 0,
  documentsRead: 0,
  mirrorWrites: 0,
  ledgerWrites: 0,
  mirrorBytes: 0,
  ledgerBytes: 0,
});

/** The door from Convex functions to the database, which convex-test puts up. */
interface Door {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}

const WRITES = new Set(["1.0/insert", "1.0/shallowMerge", "1.0/replace", "1.0/remove"]);

/** A document that was written: its table, and its size when it was not deleted. */
export interface Written {
  table: string;
  bytes: number;
}

/** Counts what happens in one world. */
export class Meter {
  /** What the last work has written, one after the other, the jobs that it scheduled without. */
  written: Written[] = [];
  #cost = nothing();
  #counting = false;

  constructor(private readonly world: World) {
    const holder = globalThis as unknown as { Convex: Door };
    const door = holder.Convex;
    holder.Convex = {
      jsSyscall: (op, args) => door.jsSyscall(op, args),
      syscall: (op, args) => {
        if (this.#counting && op === "1.0/queryStream") this.#cost.ranges += 1;
        return door.syscall(op, args);
      },
      asyncSyscall: async (op, args) => {
        if (!this.#counting) return await door.asyncSyscall(op, args);
        if (op === "1.0/schedule") this.#cost.ledgerWrites += 1;
        if (op === "1.0/remove") this.#written(args, (JSON.parse(args) as { id: string }).id, 0);
        const answer = await door.asyncSyscall(op, args);
        this.#note(op, args, answer);
        return answer;
      },
    };
  }

  /** What this work costs, and what it schedules. `calls` has no HTTP actions yet. */
  async of(work: () => Promise<unknown>): Promise<Cost> {
    this.#cost = nothing();
    this.written = [];
    const [steps, scheduled] = [this.world.faults.steps, await this.world.scheduledRuns()];
    this.#counting = true;
    await work();
    this.#counting = false;
    const jobs = (await this.world.scheduledRuns()) - scheduled;
    return { ...this.#cost, calls: this.world.faults.steps - steps + jobs };
  }

  #note(op: string, args: string, answer: string): void {
    if (op === "1.0/get") {
      this.#cost.ranges += 1;
      if (JSON.parse(answer) !== null) this.#cost.documentsRead += 1;
    } else if (op === "1.0/queryPage") {
      this.#cost.ranges += 1;
      this.#cost.documentsRead += (JSON.parse(answer) as { page: unknown[] }).page.length;
    } else if (op === "1.0/queryStreamNext") {
      if (!(JSON.parse(answer) as { done: boolean }).done) this.#cost.documentsRead += 1;
    } else if (WRITES.has(op)) {
      if (op !== "1.0/insert") {
        this.#cost.ranges += 1;
        this.#cost.documentsRead += 1;
      }
      if (op === "1.0/remove") return;
      const id =
        op === "1.0/insert"
          ? (JSON.parse(answer) as { _id: string })._id
          : (JSON.parse(args) as { id: string }).id;
      this.#written(args, id);
    }
  }

  #written(args: string, id: string, bytes?: number): void {
    const found = this.world.find(id);
    if (found === null) return;
    const size = bytes ?? sizeOf(found.document);
    this.written.push({ table: (JSON.parse(args) as { table: string }).table, bytes: size });
    if (found.component === "") {
      this.#cost.mirrorWrites += 1;
      this.#cost.mirrorBytes += size;
    } else {
      this.#cost.ledgerWrites += 1;
      this.#cost.ledgerBytes += size;
    }
  }
}

/** Length of the ids of a deployment; the mock's are shorter. */
const ID_LENGTH = 32;

/** The size of a document in a deployment. */
function sizeOf(document: object): number {
  const withIds = JSON.stringify(convexToJson(document as Value)).replace(
    /"\d+;\w+"/g,
    `"${"x".repeat(ID_LENGTH)}"`,
  );
  return getConvexSize(jsonToConvex(JSON.parse(withIds) as JSONValue));
}

/** A cost per 1,000 rows. */
export function per1000(cost: Cost, rows: number): Cost {
  const share = (value: number) => Math.round((value / rows) * 1_000 * 1_000) / 1_000;
  return Object.fromEntries(
    Object.entries(cost).map(([name, value]) => [name, share(value as number)]),
  ) as unknown as Cost;
}
