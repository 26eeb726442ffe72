/** Plays commands on an app and on a model, and compares the two after every step. */
import { expect } from "vitest";
import type { Counts } from "../../src/core/wire/changes.js";
import { expectConserved, expectDigestInStep } from "../core/support/checks.js";
import { expectOk, expectRefused, Sender, type SentChange } from "../core/support/sender.js";
import type { Answer, Stage, World } from "../core/support/world.js";
import type { Command, Death, Live } from "./commands.js";
import type { Generations } from "./model.js";

/** Longer than any test: a run ends when its sender says so. */
const NEVER_SILENT = { silenceSeconds: 86_400 };

/** A sweep that died is started again after a quarter of an hour. */
const WATCHDOG_MS = 16 * 60_000;

/** The model of a mirror as the player needs it. */
export interface Modelled {
  mirror: string;
  keyFields: string[];
  model: {
    generations: Generations;
    beginRefresh: () => void;
    finishRefresh: () => void;
    sweep: () => void;
    agree: () => boolean;
    discardUnreadable: () => void;
  };
  /** Changes that make the rows that the mirror has at the beginning. */
  base: SentChange[];
  /** The changes as the protocol writes them. */
  encode: (changes: never[]) => SentChange[];
  deliver: (changes: never[], run: { overwrite: boolean; refresh: boolean }) => Counts;
  mend: (world: World) => void;
  replay: () => void;
  expectSame: (world: Stage) => Promise<void>;
  /**
   * Those of the changes whose end is the same whether a sweep has passed their row or not: what may be sent in the
   * middle of one. What is counted may differ.
   */
  whileSwept: (changes: never[]) => unknown[];
}

interface Open {
  sender: Sender;
  overwrite: boolean;
  /** It is a part of the refresh that is open. */
  refresh: boolean;
  /** What was sent in this run, and what the answers were. */
  sent: { changes: SentChange[]; answer: Answer }[];
}

export async function play(
  world: World,
  modelled: Modelled,
  commands: readonly Command<unknown>[],
): Promise<void> {
  const player = new StepwisePlayer(world, modelled);
  await player.load();
  for (const command of commands) {
    await player.step(command);
    await player.check();
  }
  await player.step({ type: "time", death: null, live: null });
  await modelled.expectSame(world);
}

/** Plays commands wherever the app runs. */
export abstract class Player<Place extends Stage> {
  protected open: Open | null = null;
  #stale: Sender | null = null;

  constructor(
    protected readonly world: Place,
    protected readonly modelled: Modelled,
  ) {}

  /** Lets time pass until nothing is to be done. */
  protected abstract passTime(death: Death | null, live?: Live<unknown> | null): Promise<void>;
  protected abstract mend(death: Death | null): Promise<void>;
  /** Sends until there is an answer that is no failure of the deployment: what the protocol asks of a sender. */
  protected abstract untilAnswered(death: Death | null, send: () => Promise<Answer>): Promise<Answer>;

  /** Brings the rows that the mirror has at the beginning. */
  async load(): Promise<void> {
    if (this.modelled.base.length === 0) return;
    await this.step({
      type: "begin",
      refresh: true,
      resume: false,
      base: true,
      death: null,
      counter: null,
    });
    await this.step({ type: "finish", outcome: "complete", death: null });
    await this.step({ type: "time", death: null, live: null });
  }

  /** Everything adds up, and the mirror is what its model is. */
  async check(): Promise<void> {
    const { mirror, keyFields } = this.modelled;
    await expectConserved(this.world, mirror);
    await expectDigestInStep(this.world, mirror, keyFields);
    await this.modelled.expectSame(this.world);
  }

  async step(command: Command<unknown>): Promise<void> {
    switch (command.type) {
      case "begin":
        return await this.begin(command);
      case "deliver":
        return await this.deliver(command);
      case "repeat":
        return await this.repeat(command.which);
      case "overtake":
        return await this.overtake(command.changes);
      case "stale":
        return await this.sendStale(command.changes);
      case "finish":
        return await this.finish(command);
      case "time":
        return await this.passTime(command.death, command.live);
      case "mend":
        return await this.mend(command.death);
      case "decide":
        return await this.#decide(command.how);
    }
  }

  protected async begin(command: Command<unknown> & { type: "begin" }): Promise<void> {
    const { refresh: overwrite, resume, base, death, counter } = command;
    const { model, mirror, keyFields } = this.modelled;
    const keyed = keyFields[0] !== "mirrorKey";
    const generation = model.generations.number(counter, resume);
    const sender = new Sender(this.world, mirror);
    const options = overwrite
      ? ({
          syncMode: "overwrite",
          generation,
          ...(counter !== null && { counter: counter.name, again: counter.again }),
        } as const)
      : ({ syncMode: keyed ? "append_dedup" : "append" } as const);
    expectOk(await this.untilAnswered(death, async () => sender.tryBegin({ ...options, ...NEVER_SILENT })));
    this.#stale = this.open?.sender ?? this.#stale;
    const begun = overwrite ? model.generations.begin(generation, counter) : "none";
    if (begun === "next") model.beginRefresh();
    this.open = { sender, overwrite, refresh: begun !== "none", sent: [] };
    if (overwrite && base && this.modelled.base.length > 0)
      await this.deliver({ type: "deliver", changes: [this.modelled.base], death: null });
  }

  /** What is under way comes to its end first: whether a sweep is held may be known only then. */
  async #decide(how: "sweep" | "discard"): Promise<void> {
    await this.passTime(null);
    const { mirror, model } = this.modelled;
    if (how === "sweep") {
      expect(await this.world.call("sweep", { mirror })).toBe(model.agree());
      return;
    }
    const unreadable = (await this.world.ledger("quarantine")).filter(
      (entry) => entry.mirror === mirror && entry.keyHash === undefined,
    );
    await this.world.call("discardQuarantine", { mirror, ids: unreadable.map(({ _id }) => _id) });
    model.discardUnreadable();
  }

  protected async deliver({ changes: made, death }: Command<unknown> & { type: "deliver" }): Promise<void> {
    if (this.open === null) return;
    const { sender, sent } = this.open;
    const changes = this.modelled.encode(made as never[]);
    const answer = await this.untilAnswered(death, async () => sender.tryDeliver(changes));
    expectOk(answer);
    sender.sequence += 1;
    sent.push({ changes, answer });
    expect(answer.body.counts).toEqual(this.modelled.deliver(made as never[], this.open));
  }

  protected async repeat(which: number): Promise<void> {
    const sent = this.open?.sent ?? [];
    const again = sent[which % Math.max(1, sent.length)];
    if (again === undefined) return;
    const sequence = sent.indexOf(again) + 1;
    const answer = await this.open!.sender.tryDeliver(again.changes, { sequence });
    expectOk(answer);
    expect(answer.body).toEqual({ ...again.answer.body, replayed: true });
  }

  protected async overtake(made: unknown[]): Promise<void> {
    if (this.open === null) return;
    const { sender } = this.open;
    const changes = this.modelled.encode(made as never[]);
    expectRefused(await sender.tryDeliver(changes, { sequence: sender.sequence + 1 }), 409, "OutOfSequence");
  }

  protected async sendStale(made: unknown[]): Promise<void> {
    if (this.#stale === null) return;
    const changes = this.modelled.encode(made as never[]);
    expectRefused(await this.#stale.tryDeliver(changes, { identity: "never sent before" }), 409, "StaleRun");
  }

  protected async finish({ outcome, death }: Command<unknown> & { type: "finish" }): Promise<void> {
    if (this.open === null) return;
    const { sender, refresh, sent } = this.open;
    const { model } = this.modelled;
    expectOk(await this.untilAnswered(death, async () => sender.tryFinish(outcome)));
    const hasRows = sent.some(({ answer }) => {
      const { inserted, updated, unchanged, stale, quarantined } = answer.body.counts as Counts;
      return inserted + updated + unchanged + stale + quarantined > 0;
    });
    // A run of a refresh that is complete already is none, and has nothing to sweep.
    if (refresh && outcome === "complete" && (hasRows || model.generations.isBelieved)) {
      model.generations.isOpen = false;
      model.finishRefresh();
    }
    this.#stale = sender;
    this.open = null;
    // The request waited, and the sweep that it started may have run before its answer was read.
    if (death?.fault === "conflict") await this.passTime(null);
  }

  /** A delivery in the middle of a sweep, perhaps. */
  protected async deliverLive(made: never[], death: Death | null = null): Promise<void> {
    const { sender, sent } = this.open!;
    const chosen = this.modelled.whileSwept(made) as never[];
    const changes = this.modelled.encode(chosen);
    const answer = await this.untilAnswered(death, async () => sender.tryDeliver(changes));
    expectOk(answer);
    sender.sequence += 1;
    sent.push({ changes, answer });
    this.modelled.deliver(chosen, this.open!);
  }
}

/** Plays one step after another, in a time of its own, on an app that dies where a command says so. */
class StepwisePlayer extends Player<World> {
  /** A conflict that was meant for a request may have hit a sweep that ran while the request waited. */
  #sweepMayHaveDied = false;

  protected async passTime(death: Death | null, live: Live<unknown> | null = null): Promise<void> {
    if (live !== null && this.open?.overwrite === false) {
      await this.#passTimeWithLive(live);
    } else if (death !== null && death.fault !== "conflict") {
      this.#arm(death);
      await this.world.passTime(1_000);
      this.#disarm();
      await this.world.passTime(WATCHDOG_MS);
    } else {
      await this.world.passTime(1_000);
    }
    if (this.#sweepMayHaveDied) await this.world.passTime(WATCHDOG_MS);
    this.#sweepMayHaveDied = false;
    this.modelled.model.sweep();
  }

  /** A delivery of the run that is open comes between two steps of a sweep, if there is one. */
  async #passTimeWithLive({ at, changes: made }: Live<unknown>): Promise<void> {
    const start = this.world.faults.steps;
    this.world.faults.plan = async ({ number }) => {
      if (number < start + at) return null;
      this.#disarm();
      await this.deliverLive(made as never[]);
      return null;
    };
    await this.world.passTime(1_000);
    this.#disarm();
  }

  protected async mend(death: Death | null): Promise<void> {
    this.modelled.mend(this.world);
    if (death !== null && death.fault !== "conflict") {
      this.#arm(death);
      await this.world.call("replayQuarantine", { mirror: this.modelled.mirror }).catch(() => undefined);
      this.#disarm();
    }
    await this.world.call("replayQuarantine", { mirror: this.modelled.mirror });
    this.modelled.replay();
  }

  protected async untilAnswered(death: Death | null, send: () => Promise<Answer>): Promise<Answer> {
    if (death === null) return await send();
    if (death.fault === "conflict") {
      // The importer waits before it tries again, and scheduled work runs meanwhile.
      await this.passTime(null);
      this.#arm(death);
      const answer = await this.world.whileTimePasses(send());
      this.#sweepMayHaveDied = true;
      this.#disarm();
      return answer.status === 500 || answer.status === 503 ? await send() : answer;
    }
    this.#arm(death);
    const answer = await send();
    this.#disarm();
    return answer.status === 500 ? await send() : answer;
  }

  #arm({ at, fault }: Death): void {
    const start = this.world.faults.steps;
    this.world.faults.plan = ({ number }) => (number === start + at ? fault : null);
  }

  #disarm(): void {
    this.world.faults.plan = () => null;
  }
}
