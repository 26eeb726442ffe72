/** What holds whatever requests came: of every answer, and of the ledger afterwards. */
import { convexToJson } from "convex/values";
import { expect } from "vitest";
import type { Doc, TableNames } from "../../convex/_generated/dataModel.js";
import ledgerSchema from "../../convex/schema.js";
import type { HostileRequest, Known } from "./requests.js";

export interface HostileAnswer {
  status: number;
  text: string;
}

/** A deployment after hostile requests. */
export interface Attacked {
  call(name: string, args?: object): Promise<unknown>;
  ledger<Table extends TableNames>(table: Table): Promise<Doc<Table>[]>;
  /** The registry, with what open runs have not published yet. */
  mirrors(): Promise<Doc<"mirrors">[]>;
  rows(table: string): Promise<unknown[]>;
  /** Lets all end that is under way. */
  settle(): Promise<void>;
}

/** What every answer has to be. */
export function checkAnswer({ status, text }: HostileAnswer, request: HostileRequest): void {
  const about = `${request.method} ${request.path}\n${JSON.stringify(request.headers)}\n${String(request.body).slice(0, 2_000)}\n${text.slice(0, 1_000)}`;
  expect(status === 503 || status < 500, `${String(status)} for ${about}`).toBe(true);
  if (status < 400 || text === "") return;
  if (status === 404 && !text.startsWith("{")) return;
  expect(JSON.parse(text), about).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  expect(text.length, `the length of the answer to ${about}`).toBeLessThan(70_000);
}

/** Remembers what later requests can use. */
export function learn({ status, text }: HostileAnswer, known: Known): void {
  if (status !== 200 || !text.startsWith("{")) return;
  const { run, mirror, nextSequence, sequence, delivery, cursor } = JSON.parse(text) as Record<
    string,
    unknown
  >;
  if (typeof run === "string" && typeof mirror === "string")
    known.runs = [...known.runs, { id: run, mirror, sequence: Number(nextSequence) }].slice(-4);
  // The answer to a delivery does not name its run; the newest is the likeliest.
  if (typeof delivery === "string")
    for (const each of known.runs) if (each.sequence === sequence) each.sequence += 1;
  if (cursor !== undefined) known.cursors = [...known.cursors, cursor].slice(-4);
}

/** The laws of the ledger: nothing is lost, nothing is counted twice, and every digest is that of its rows. */
export async function checkLaws(attacked: Attacked): Promise<void> {
  await attacked.settle();
  const [mirrors, entries, runs, deliveries] = await Promise.all([
    attacked.mirrors(),
    attacked.ledger("quarantine"),
    attacked.ledger("runs"),
    attacked.ledger("deliveries"),
  ]);
  const sum = ({ received = 0, ...rest }: Record<string, number>) => [
    received,
    Object.values(rest).reduce((all, each) => all + each, 0),
  ];
  for (const { counts } of [...runs, ...deliveries, ...mirrors.map(({ total }) => ({ counts: total }))]) {
    const [received, decided] = sum(counts);
    expect(decided).toBe(received);
  }
  for (const { name, rows, total, deletes, removed, copied, quarantined } of mirrors) {
    const { inserted, deleted } = total;
    expect(rows, `rows of ${name}`).toBe((await attacked.rows(name)).length);
    expect(rows, `rows of ${name} by its counters`).toBe(
      inserted - (deletes === "hard" ? deleted : 0) - removed + copied,
    );
    expect(quarantined, `changes of ${name} that wait`).toBe(
      entries.filter(({ mirror }) => mirror === name).length,
    );
    await attacked.call("audit", { mirror: name });
  }
  // On Convex no document is larger, and no text has half of a surrogate pair.
  for (const table of Object.keys(ledgerSchema.tables) as (keyof typeof ledgerSchema.tables)[]) {
    for (const document of await attacked.ledger(table)) {
      const json = JSON.stringify(convexToJson(document as never));
      expect(json.length, table).toBeLessThan(2 ** 20);
      expect(json, table).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
    }
  }
  await attacked.settle();
  for (const { name } of mirrors) {
    const report = (await attacked.call("auditReport", { mirror: name })) as { state: string } | null;
    expect([name, report?.state]).toEqual([name, "equal"]);
  }
}
