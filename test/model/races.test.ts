// @vitest-environment node
/**
 * The sequences of the model where transactions run at the same time, conflict by what they have read, and are retried:
 * on the local server in optimistic mode, in real time. All mirrors are played at once. On each of them a request is
 * sent several times at once, a delivery overtakes the one before it, a run is taken over while it delivers, and rows
 * come while a sweep deletes. The order in which these happen is not the seed's, so the model follows the answers.
 * `npm run test:soak` plays more.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectOk, expectRefused, upsert } from "../core/support/sender.js";
import type { Answer } from "../core/support/world.js";
import { Project } from "../e2e/project.js";
import { changeOf, commands, refreshes, type Command, type Death } from "./commands.js";
import { bag, keyed } from "./mirrors.js";
import { Player, type Modelled } from "./play.js";
import { Remote } from "./remote.js";

/** Sequences per mirror, and how many of them are played on one server, whose tables grow. */
const RUNS = Number(process.env.SOAK_RUNS ?? 4);
const PER_SERVER = 40;

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`test/model/races: SEED=${String(SEED)}, ${String(RUNS)} sequences for each mirror`);

/** Milliseconds between requests that are sent at the same time, at most. */
const APART_MS = 12;

type Of<Type> = Command<unknown> & { type: Type };

class RacingPlayer extends Player<Remote> {
  /** A sweep may be under way: its rows are there or not. */
  #mayBeSweeping = false;

  override async step(command: Command<unknown>): Promise<void> {
    const isLive = this.open?.overwrite === false && command.type === "deliver";
    const changesNoRows =
      command.type === "repeat" ||
      command.type === "finish" ||
      (command.type === "begin" && !command.refresh);
    if (!isLive && !changesNoRows) await this.passTime();
    await super.step(command);
    // A person may have let the sweep begin that was held.
    if (command.type === "decide") this.#mayBeSweeping = true;
  }

  override async check(): Promise<void> {
    await this.passTime();
    await super.check();
  }

  protected override async passTime(): Promise<void> {
    await this.world.settle(this.modelled.mirror);
    this.#mayBeSweeping = false;
    this.modelled.model.sweep();
  }

  protected override async begin(command: Of<"begin">): Promise<void> {
    // Of two runs that begin at once, nobody could say which of them the sender is in.
    await super.begin({ ...command, death: null });
  }

  protected override async deliver(command: Of<"deliver">): Promise<void> {
    if (this.open === null || !this.#mayBeSweeping) await super.deliver(command);
    else await this.deliverLive(command.changes as never[], command.death);
  }

  protected override async finish(command: Of<"finish">): Promise<void> {
    this.#mayBeSweeping ||= this.open?.refresh === true && command.outcome === "complete";
    await super.finish(command);
  }

  protected override async repeat(which: number): Promise<void> {
    await Promise.all([super.repeat(which), super.repeat(which)]);
  }

  /** Two deliveries at once. The second is refused, unless the first has been there before it. */
  protected override async overtake(made: unknown[]): Promise<void> {
    if (this.open === null) return;
    const { sender, sent } = this.open;
    const changes = this.modelled.encode(made as never[]);
    const { sequence } = sender;
    const second = soon().then(async () => sender.tryDeliver(changes, { sequence: sequence + 1 }));
    const first = await this.untilAnswered(null, async () => sender.tryDeliver(changes, { sequence }));
    expectOk(first);
    expect(first.body.counts).toEqual(this.modelled.deliver(made as never[], this.open));
    sent.push({ changes, answer: first });
    sender.sequence += 1;
    const answer = await second;
    if (answer.status !== 200) {
      if (!isBusy(answer)) expectRefused(answer, 409, "OutOfSequence");
      return;
    }
    expect(answer.body.counts).toEqual(this.modelled.deliver(made as never[], this.open));
    sent.push({ changes, answer });
    sender.sequence += 1;
  }

  /** A delivery of a run that another takes over. It is applied whole, before that, or refused. */
  protected override async sendStale(made: unknown[]): Promise<void> {
    const { open } = this;
    if (open === null) return await super.sendStale(made);
    const changes = this.modelled.encode(made as never[]);
    const delivery = soon().then(async () => open.sender.tryDeliver(changes));
    await soon();
    const taken = {
      type: "begin",
      refresh: false,
      resume: false,
      base: false,
      death: null,
      counter: null,
    } as const;
    await this.begin(taken);
    const answer = await delivery;
    if (answer.status === 200)
      expect(answer.body.counts).toEqual(this.modelled.deliver(made as never[], open));
    else if (!isBusy(answer)) expectRefused(answer, 409, "StaleRun");
  }

  /** Nobody deploys: what could not be stored still cannot. */
  protected override async mend(): Promise<void> {
    await this.world.call("replayQuarantine", { mirror: this.modelled.mirror });
    this.modelled.replay();
  }

  /** Where a request would die, it is sent several times at once. */
  protected override async untilAnswered(death: Death | null, send: () => Promise<Answer>): Promise<Answer> {
    const patiently = async (): Promise<Answer> => {
      for (;;) {
        const answer = await send();
        if (!isBusy(answer)) return answer;
        await sleep(1_000 * Math.min(2, Number(answer.headers.get("Retry-After") ?? 1)));
      }
    };
    const again = Array.from({ length: death === null ? 0 : 1 + (death.at % 3) }, async () => {
      await soon();
      return await patiently();
    });
    const [answer, ...others] = await Promise.all([patiently(), ...again]);
    for (const other of others)
      expect([other.status, other.body.counts]).toEqual([answer.status, answer.body.counts]);
    return answer;
  }
}

const soon = async () => sleep(Math.random() * APART_MS);

/** The deployment is too busy, or a race was lost too often: what the protocol lets it say at any time. */
function isBusy({ status }: Answer): boolean {
  return status === 429 || status === 503;
}

/** The app's mirrors, of which `plain` is there three times. */
const SCHEMA = `import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema } from "convex/server";
import { v } from "convex/values";

const fields = { id: v.number(), text: v.string(), note: v.optional(v.string()) };
const version = v.optional(v.number());
const plain = () => mirrorTable(fields, { primaryKey: ["id"] });

export default defineSchema({
  plain: plain(),
  wide: plain(),
  counted: plain(),
  versioned: mirrorTable({ ...fields, version }, { primaryKey: ["id"], version: "version" }),
  soft: mirrorTable(
    { ...fields, version, deletedAt: v.optional(v.number()) },
    { primaryKey: ["id"], version: "version", onDelete: "soft", deletedField: "deletedAt" },
  ),
  facts: mirrorTable({ text: v.string(), n: v.optional(v.number()) }),
});
`;

interface Game {
  modelled: Modelled;
  sequences: fc.Arbitrary<Command<unknown>[]>;
}

function games(): Game[] {
  const change = changeOf(null, false);
  const versioned = changeOf(null, true);
  const base = Array.from({ length: 120 }, (_, i) => upsert({ id: 100 + i, text: "a" }));
  return [
    { modelled: keyed("plain"), sequences: commands(change) },
    { modelled: keyed("versioned"), sequences: commands(versioned) },
    { modelled: keyed("soft"), sequences: commands(versioned) },
    { modelled: keyed("plain", base, "wide"), sequences: commands(change) },
    { modelled: keyed("plain", [], "counted"), sequences: refreshes(change) },
    { modelled: bag(), sequences: commands(fc.constantFrom("a", "b", "c")) },
  ];
}

async function playGame(remote: Remote, { modelled, sequences }: Game, seed: number, numRuns: number) {
  const player = new RacingPlayer(remote, modelled);
  await player.load();
  for (const [number, all] of fc.sample(sequences, { seed, numRuns }).entries()) {
    for (const [at, command] of all.entries()) {
      try {
        await player.step(command);
        if (command.type === "time" || at === all.length - 1) await player.check();
      } catch (error) {
        const about = `${modelled.mirror}, sequence ${String(number)} of SEED=${String(seed)}`;
        throw new Error(`${about}, after ${JSON.stringify(all.slice(0, at + 1))}`, { cause: error });
      }
    }
  }
}

test(
  "MODEL-7: where transactions run at the same time, whatever is sent at once, a mirror is what its model is",
  { timeout: 300_000 + RUNS * 60_000 },
  async () => {
    for (let played = 0; played < RUNS; played += PER_SERVER) {
      const project = await Project.start("test/cli/programs/shop");
      try {
        await writeFile(path.join(project.directory, "convex/schema.ts"), SCHEMA);
        await project.push();
        const remote = new Remote(project, await project.createToken("connector"));
        const numRuns = Math.min(PER_SERVER, RUNS - played);
        await Promise.all(games().map(async (game) => playGame(remote, game, SEED + played, numRuns)));
      } finally {
        await project.close();
      }
    }
  },
);
