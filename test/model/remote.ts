/** An app on the local server, as models and checks see it: only from outside. */
import { setTimeout as sleep } from "node:timers/promises";
import { type JSONValue, jsonToConvex } from "convex/values";
import type { Doc, TableNames } from "../../convex/_generated/dataModel.js";
import { exactly } from "../../convex/mirror/progress.js";
import { addDelta, decodeItems, noSums, type Sums } from "../../src/core/proof/delta.js";
import type { Answer, Row, Stage } from "../core/support/world.js";
import { callFunction, type Project } from "../e2e/project.js";

const COMPONENT = "streamingImport";

/** Jobs of a later time are not waited for: watchdogs. */
const SOON_MS = 3_000;
const JOBS_TIMEOUT_MS = 120_000;

interface Job {
  name: string;
  args: unknown[];
  state: { kind: string };
  scheduledTime: number;
}

export class Remote implements Stage {
  constructor(
    private readonly project: Project,
    private readonly token: string,
  ) {}

  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.project.server.siteUrl + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text === "" ? "{}" : text) as Row,
    };
  }

  async call(name: string, args: object = {}): Promise<unknown> {
    return await callFunction(this.project.server, name, args as Row);
  }

  async ledger<Table extends TableNames>(table: Table): Promise<Doc<Table>[]> {
    return await this.#table<Doc<Table>>(table, COMPONENT);
  }

  async documents(table: string): Promise<(Row & { _id: string })[]> {
    return await this.#table(table);
  }

  async rows(table: string): Promise<Row[]> {
    return (await this.documents(table)).map(({ _id, _creationTime, ...row }) => row);
  }

  /** Its run publishes to it in between, so it is read until it is the same before and after the run. */
  async mirror(name: string): Promise<Doc<"mirrors">> {
    const read = async () => (await this.ledger("mirrors")).find((mirror) => mirror.name === name)!;
    for (let before = await read(); ;) {
      const runs = await this.ledger("runs");
      const after = await read();
      const get = async (_: string, id: string) =>
        Promise.resolve(runs.find((run) => run._id === id) ?? null);
      if (JSON.stringify(before) === JSON.stringify(after))
        return await exactly({ db: { get } } as never, after);
      before = after;
    }
  }

  async digest(name: string): Promise<Sums> {
    const sums = (await this.ledger("digests")).find(({ mirror }) => mirror === name);
    const folded = sums?.folded ?? 0;
    const waiting = (await this.ledger("deltas")).filter(
      ({ mirror, number }) => mirror === name && number > folded,
    );
    return addDelta(sums ?? noSums(), { items: waiting.flatMap(({ items }) => decodeItems(items)) });
  }

  /** Waits until no sweep of the mirror is under way, nor what follows one. */
  async settle(name: string): Promise<void> {
    const end = Date.now() + JOBS_TIMEOUT_MS;
    for (;;) {
      // Runs first: what ends a sweep schedules what follows it.
      const runs = (await this.ledger("runs")).filter(({ mirror }) => mirror === name);
      const jobs = await this.#table<Job>("_scheduled_functions", COMPONENT);
      const isOfMirror = ({ args }: Job) => {
        const { run, mirror } = args[0] as { run?: string; mirror?: string };
        return mirror === name || runs.some(({ _id }) => _id === run);
      };
      const isDue = ({ state, scheduledTime }: Job) =>
        state.kind === "inProgress" || (state.kind === "pending" && scheduledTime < Date.now() + SOON_MS);
      const due = jobs.filter(
        (job) => job.name !== "mirror/progress:publish" && isDue(job) && isOfMirror(job),
      );
      if (due.length === 0 && !runs.some(({ state }) => state === "sweeping")) return;
      if (Date.now() > end) throw new Error(`Jobs of ${name} do not end: ${JSON.stringify(due)}`);
      await sleep(20);
    }
  }

  async #table<T>(table: string, componentPath?: string): Promise<T[]> {
    const { url, adminKey } = this.project.server;
    const paginationOpts = { numItems: 1e6, cursor: null };
    const response = await fetch(`${url}/api/function`, {
      method: "POST",
      headers: { Authorization: `Convex ${adminKey}` },
      body: JSON.stringify({
        path: "_system/cli/tableData",
        args: { table, order: "asc", paginationOpts },
        componentPath,
      }),
    });
    const { value } = (await response.json()) as { value: JSONValue };
    return (jsonToConvex(value) as unknown as { page: T[] }).page;
  }
}
