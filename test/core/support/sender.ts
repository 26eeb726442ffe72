import { expect } from "vitest";
import type { Counts } from "../../../src/core/wire/changes.js";
import type { Answer, Row, Stage, World } from "./world.js";

/** A change as the protocol writes it. */
export interface SentChange {
  op: "upsert" | "update" | "delete";
  row: Row;
  previousKey?: Row;
  version?: number;
}

export const upsert = (row: Row): SentChange => ({ op: "upsert", row });
export const update = (row: Row): SentChange => ({ op: "update", row });
export const remove = (row: Row): SentChange => ({ op: "delete", row });

/** What the answer to a delivery says. */
export interface Delivered {
  delivery: string;
  sequence: number;
  replayed: boolean;
  counts: Counts;
  quarantinedKeys: unknown[];
}

export interface RunOptions {
  syncMode?: "append" | "append_dedup" | "overwrite";
  generation?: number;
  minimumGeneration?: number;
  silenceSeconds?: number;
  counter?: string;
  again?: boolean;
}

/** A sender of our protocol, which knows the run that it is in and counts its deliveries. */
export class Sender {
  run = "";
  sequence = 1;
  begun: Row = {};

  constructor(
    private readonly world: Pick<Stage, "send">,
    readonly mirror: string,
  ) {}

  static async begin(world: World, mirror: string, options: RunOptions = {}): Promise<Sender> {
    const sender = new Sender(world, mirror);
    expectOk(await sender.tryBegin(options));
    return sender;
  }

  async tryBegin(options: RunOptions = {}): Promise<Answer> {
    const answer = await this.world.send("POST", "/v1/runs", {
      mirror: this.mirror,
      syncMode: "append_dedup",
      ...options,
    });
    if (answer.status === 200) {
      this.begun = answer.body;
      this.run = answer.body.run as string;
      this.sequence = answer.body.nextSequence as number;
    }
    return answer;
  }

  /** Sends a delivery, which has to be accepted. */
  async deliver(...changes: SentChange[]): Promise<Delivered> {
    const answer = await this.tryDeliver(changes);
    expectOk(answer);
    this.sequence += 1;
    return answer.body as unknown as Delivered;
  }

  /** Sends a delivery once; the sequence stays. */
  async tryDeliver(
    changes: SentChange[],
    {
      sequence = this.sequence,
      identity = `d${String(sequence)}`,
      ...head
    }: { sequence?: number; identity?: string } & Row = {},
  ): Promise<Answer> {
    return await this.world.send("POST", "/v1/deliveries", {
      run: this.run,
      mirror: this.mirror,
      delivery: identity,
      sequence,
      ...head,
      changes,
    });
  }

  async finish(outcome: "complete" | "incomplete" = "complete"): Promise<Row> {
    const answer = await this.tryFinish(outcome);
    expectOk(answer);
    return answer.body;
  }

  async tryFinish(outcome: "complete" | "incomplete" = "complete"): Promise<Answer> {
    return await this.world.send("POST", `/v1/runs/${this.run}/finish`, { outcome });
  }
}

/** A full refresh that brings these rows, swept. */
export async function refresh(
  world: World,
  mirror: string,
  rows: Row[],
  options: RunOptions = {},
): Promise<Sender> {
  const sender = await Sender.begin(world, mirror, { syncMode: "overwrite", ...options });
  await sender.deliver(...rows.map(upsert));
  await sender.finish();
  await world.passTime(1_000);
  return sender;
}

export function expectOk(answer: Answer): void {
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

export function expectRefused(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.code], JSON.stringify(answer.body)).toEqual([status, code]);
}
