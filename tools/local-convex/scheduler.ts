/**
 * Scheduled functions. A job is a document of `_scheduled_functions`, and starts when the transaction that made it has
 * committed: convex-test would start it, and find no document, while an optimistic mutation's writes are kept back.
 */
import { convexToJson, getConvexSize, type JSONValue, jsonToConvex, type Value } from "convex/values";
import type { Document, FunctionPath, MockDatabase } from "./mock.js";
import { chargeScheduled } from "./limits.js";
import type { DocumentChange } from "./readSet.js";
import { currentComponentPath, runOutsideFunctions } from "./scope.js";

const TABLE = "_scheduled_functions";

interface Job {
  functionPath: FunctionPath;
  args: Record<string, unknown>;
}
type Schedulable = MockDatabase & {
  insert(table: string, value: object): string;
  patch(table: string, id: string, value: object): void;
};

export interface JobHost {
  /** Resolves when the function has run; rejects with what it threw. */
  runScheduled(functionPath: FunctionPath, args: Record<string, unknown>): Promise<unknown>;
  /** One transaction in a component. */
  inComponent(componentPath: string, work: (db: MockDatabase) => void): Promise<void>;
  database(componentPath: string): MockDatabase | undefined;
  logger(line: string): void;
}

export class Scheduler {
  /** What the documents do not say: convex-test's hold the name of a function, not its component. */
  readonly #jobs = new Map<string, Job>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(readonly host: JobHost) {}

  /** Answers the calls that schedule a function; undefined for all others. */
  readonly answer = (op: string, json: string): Promise<string> | undefined => {
    if (op !== "1.0/schedule" && op !== "1.0/actions/schedule") return undefined;
    return this.#schedule(op === "1.0/schedule", json);
  };

  async #schedule(inTransaction: boolean, json: string): Promise<string> {
    const componentPath = currentComponentPath();
    const { args, ts, ...address } = JSON.parse(json) as Address & { args: JSONValue; ts: number };
    const functionPath = pathOf(address, componentPath);
    const values = jsonToConvex(args) as Record<string, Value>;
    let id = "";
    const insert = (db: MockDatabase): void => {
      chargeScheduled(getConvexSize(values));
      id = (db as Schedulable).insert(TABLE, {
        args: [values],
        name: functionPath.udfPath,
        scheduledTime: ts * 1000,
        state: { kind: "pending" },
      });
      this.#jobs.set(id, { functionPath, args: values });
    };
    if (inTransaction) insert(this.host.database(componentPath)!);
    else await this.host.inComponent(componentPath, insert);
    return JSON.stringify(convexToJson(id));
  }

  /** Starts the timers of jobs that a commit has made. */
  committed(changes: readonly DocumentChange[]): void {
    for (const { table, id, before, after, componentPath } of changes) {
      const job = this.#jobs.get(id);
      if (table !== TABLE || before !== null || after === null || job === undefined) continue;
      this.#jobs.delete(id);
      const wait = Math.max(0, Number(after.scheduledTime) - Date.now());
      runOutsideFunctions(() => {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#run(componentPath, id, job).catch((error: unknown) => {
            this.host.logger(`[scheduler ${job.functionPath.udfPath}] ${String(error)}`);
          });
        }, wait);
        this.#timers.add(timer);
      });
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #run(componentPath: string, id: string, { functionPath, args }: Job): Promise<void> {
    const setState = async (kind: string): Promise<boolean> => {
      let set = false;
      await this.host.inComponent(componentPath, (db) => {
        const state = (db.get(TABLE, id) as (Document & { state: { kind: string } }) | null)?.state.kind;
        set = state === (kind === "inProgress" ? "pending" : "inProgress");
        if (!set) return;
        const completed = kind === "inProgress" ? {} : { completedTime: Date.now() };
        (db as Schedulable).patch(TABLE, id, { state: { kind }, ...completed });
      });
      return set;
    };
    if (!(await setState("inProgress"))) return; // cancelled
    try {
      await this.host.runScheduled(functionPath, args);
    } catch (error) {
      this.host.logger(
        `[scheduler ${functionPath.udfPath}] ${error instanceof Error ? error.message : String(error)}`,
      );
      await setState("failed");
      return;
    }
    await setState("success");
  }
}

interface Address {
  name?: string;
  reference?: string;
  functionHandle?: string;
}

/** A name is of the component that schedules, a reference of one of its children, and a handle names its component. */
function pathOf({ name, reference, functionHandle }: Address, componentPath: string): FunctionPath {
  if (functionHandle !== undefined) {
    const [path = "", udfPath = ""] = functionHandle.replace("function://", "").split(";");
    return { componentPath: path, udfPath };
  }
  if (name !== undefined) return { componentPath, udfPath: name };
  const [child = "", ...parts] = (reference ?? "").split("/").slice(2);
  const fn = parts.pop() ?? "";
  return {
    componentPath: componentPath === "" ? child : `${componentPath}/${child}`,
    udfPath: `${parts.join("/")}:${fn}`,
  };
}
