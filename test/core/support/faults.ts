/** Crashes between the steps of an action, as they happen to real ones: a deploy, a lost connection, a machine. */

/** A step of an action: one query or mutation that it runs. */
export interface Step {
  /** Counts the steps of all actions, from 0. */
  number: number;
  kind: "query" | "mutation";
}

/**
 * - before: the action dies before the step.
 * - after: the step commits, and the action dies before it hears of it.
 * - conflict: the step loses a race against another transaction; the action lives on.
 */
export type Fault = "before" | "after" | "conflict";

/** What a dead action leaves behind. */
export class Crash extends Error {
  override name = "Crash";
}

type Run = (reference: unknown, args?: unknown) => Promise<unknown>;

/** Decides which steps of actions fail. */
export class Faults {
  #steps = 0;
  /** Asked before every step of every action; null lets it be. */
  plan: (step: Step) => Fault | null | Promise<Fault | null> = () => null;

  /** How many steps there were. */
  get steps(): number {
    return this.#steps;
  }

  /** The context of one action, which dies as the plan says, and then does nothing any more. */
  around<Ctx extends object>(ctx: Ctx): Ctx {
    let dead = false;
    const step =
      (kind: Step["kind"], run: Run): Run =>
      async (reference, args) => {
        if (dead) throw new Crash("This action is dead.");
        const fault = await this.plan({ number: this.#steps++, kind });
        if (fault === "conflict") {
          throw new Error(
            "OptimisticConcurrencyControlFailure: Documents read from or written to a table changed while this mutation was being run.",
          );
        }
        if (fault === "before") {
          dead = true;
          throw new Crash("The action died before this step.");
        }
        const result = await run(reference, args);
        if (fault === "after") {
          dead = true;
          throw new Crash("The action died after this step.");
        }
        return result;
      };
    const { runQuery, runMutation } = ctx as Ctx & { runQuery: Run; runMutation: Run };
    return { ...ctx, runQuery: step("query", runQuery), runMutation: step("mutation", runMutation) };
  }
}
