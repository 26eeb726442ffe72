/** What a mirror should be: the rules of docs/SPEC.md in a few dozen lines, without chunks, hashes, indexes or crashes. */
import type { Counts } from "../../src/core/wire/changes.js";
import { noCounts } from "../../src/core/wire/counts.js";
import type { SentChange } from "../core/support/sender.js";
import type { Counter } from "./commands.js";

export interface ModelRow {
  id: number;
  text: string | null;
  note?: string;
  version?: number;
  deleted?: true;
}

type Outcome = Exclude<keyof Counts, "received">;
/** A change that waits, and the refresh that waits for it, if its key cannot be read. */
type Waiting = { change: SentChange; delivery: number; unreadableIn?: number };

/** A mirror of fewer rows has no limit to what a refresh may delete; one of more keeps half of them. */
const LIMITED_FROM_ROWS = 100;

/** How the rows of a mirror are kept. */
export interface Rules {
  versioned: boolean;
  soft: boolean;
}

/** Which refresh a run belongs to: of numbers that only their own counter can compare. */
export class Generations {
  /** The generation of the newest refresh, and whether its sender may still deliver. */
  current = 0;
  isOpen = false;
  /** The newest refresh that was numbered without a counter. */
  #numbered = { number: 0, generation: 0 };
  #counted: { name: string; number: number; generation: number; isRepeat: boolean } | null = null;
  readonly #numbers = new Map<string, number>();

  /** What the next run of a counter calls its refresh: by the number of the one before it, or by the next. */
  number(counter: Counter | null, resume: boolean): number {
    const last = counter === null ? this.#numbered.number : (this.#numbers.get(counter.name) ?? 0);
    return resume && last > 0 ? last : last + 1;
  }

  /** What a run that names this number is: the next refresh, a part of the one that is open, or none. */
  begin(number: number, counter: Counter | null): "next" | "same" | "none" {
    const generation = this.#generationOf(number, counter);
    if (counter === null) {
      if (generation !== null) this.#numbered = { number, generation };
    } else {
      this.#numbers.set(counter.name, number);
      const isSame = this.#counted?.name === counter.name && this.#counted.number === number;
      if (generation !== null && !(isSame && this.#counted?.generation === generation))
        this.#counted = { name: counter.name, number, generation, isRepeat: isSame };
    }
    if (generation === null) return "none";
    if (generation === this.current) return "same";
    this.current = generation;
    this.isOpen = true;
    return "next";
  }

  #generationOf(number: number, counter: Counter | null): number | null {
    if (counter === null) {
      if (number > this.#numbered.number) return this.current + 1;
      return this.isOpen && this.#numbered.generation === this.current ? this.current : null;
    }
    const isSame = this.#counted?.name === counter.name && this.#counted.number === number;
    if (!isSame) return this.current + 1;
    if (this.isOpen && this.#counted?.generation === this.current) return this.current;
    return counter.again ? this.current + 1 : null;
  }

  /** Whether a refresh without a row says that the source is empty. */
  get isBelieved(): boolean {
    return !(this.#counted?.generation === this.current && this.#counted.isRepeat);
  }
}

/** A mirror with a key. */
export class KeyedModel {
  readonly rows = new Map<number, ModelRow>();
  readonly #tombstones = new Map<number, number>();
  /** Changes that wait, in order. */
  waiting: Waiting[] = [];
  /** Keys that the open refresh, or the one that is swept, has brought. */
  #brought: Set<number> | null = null;
  #sweeping: Set<number> | null = null;
  readonly generations = new Generations();
  /** The refresh that is swept, or would be if it were not held. */
  #sweepingGeneration = 0;
  #held = false;
  #isAgreed = false;
  #rowsBefore = 0;
  #sweptRowsBefore = 0;
  #refreshBeganAt = 0;
  #sweptBeganAt = 0;
  #delivery = 0;
  /** Changes that cannot be stored, as long as nobody mends it. */
  canStoreText: (text: unknown) => boolean = (text) => text !== null && text !== "poison";

  constructor(private readonly rules: Rules) {}

  beginRefresh(): void {
    this.#brought = new Set();
    this.#refreshBeganAt = this.#delivery;
    this.#rowsBefore = this.rows.size;
  }

  finishRefresh(): void {
    this.#sweeping = this.#brought;
    this.#sweepingGeneration = this.generations.current;
    this.#sweptBeganAt = this.#refreshBeganAt;
    this.#sweptRowsBefore = this.#rowsBefore;
    this.#brought = null;
    this.#isAgreed = false;
    this.#held = this.#hasUnreadable;
  }

  get #hasUnreadable(): boolean {
    return this.waiting.some(({ unreadableIn }) => unreadableIn === this.#sweepingGeneration);
  }

  /** A person lets the sweep begin that is held, if one is. */
  agree(): boolean {
    const { held } = this;
    if (held) [this.#held, this.#isAgreed] = [false, true];
    return held;
  }

  get held(): boolean {
    return this.#sweeping !== null && this.#held;
  }

  /** A person gives up the changes whose key cannot be read. */
  discardUnreadable(): void {
    const waited = this.#hasUnreadable;
    this.waiting = this.waiting.filter(({ change }) => isReadable(change));
    if (waited) this.#held = false;
  }

  /** Whether the sweep would leave too little. */
  get #shrinks(): boolean {
    const live = [...this.rows].filter(([, row]) => !row.deleted);
    const before = Math.min(this.#sweptRowsBefore, live.length);
    const kept = live.filter(([id]) => this.#sweeping!.has(id)).length;
    return !this.#isAgreed && before >= LIMITED_FROM_ROWS && kept < before / 2;
  }

  /** What the source does not have any more goes, if that is sure, and what waited before the refresh began. */
  sweep(): void {
    if (this.#sweeping === null) return;
    this.#held ||= this.#shrinks;
    if (this.#held) {
      this.waiting = this.waiting.filter(({ delivery }) => delivery > this.#sweptBeganAt);
      return;
    }
    for (const [id, row] of this.rows) {
      if (this.#sweeping.has(id)) continue;
      if (this.rules.soft) this.rows.set(id, { ...row, deleted: true });
      else this.rows.delete(id);
    }
    this.#sweeping = null;
    this.waiting = this.waiting.filter(({ delivery }) => delivery > this.#sweptBeganAt);
  }

  deliver(changes: readonly SentChange[], refresh: boolean): Counts {
    this.#delivery += 1;
    const counts = { ...noCounts, received: changes.length };
    for (const change of changes) {
      if (!isReadable(change)) {
        this.waiting.push({
          change,
          delivery: this.#delivery,
          ...(refresh && { unreadableIn: this.generations.current }),
        });
        counts.quarantined += 1;
        continue;
      }
      if (change.op !== "delete") {
        this.#brought?.add(change.row.id as number);
        this.#sweeping?.add(change.row.id as number);
      }
      counts.stale += this.#supersede(change, counts);
      counts[this.#take(change)] += 1;
    }
    return counts;
  }

  /** Tries what waits again, oldest first; what still cannot be stored holds back the rest of its row. */
  replay(): void {
    const blocked = new Set<unknown>();
    this.waiting = this.waiting.filter(({ change }) => {
      if (!isReadable(change)) return true;
      if (!blocked.has(change.row.id) && this.canStoreText(change.row.text)) {
        this.#apply(change);
        return false;
      }
      blocked.add(change.row.id);
      return true;
    });
  }

  /** Whole news, and deletions, make what waits for the row obsolete. Returns how much of the same delivery. */
  #supersede(change: SentChange, counts: Counts): number {
    if (change.op === "update") return 0;
    let same = 0;
    this.waiting = this.waiting.filter((entry) => {
      const theirs = entry.change.row.version as number | undefined;
      const mine = change.row.version as number | undefined;
      const hasOrder = mine !== undefined || change.op === "upsert";
      const older = this.rules.versioned && hasOrder && isLower(mine, theirs);
      const gone = entry.change.row.id === change.row.id && !older;
      if (gone && entry.delivery === this.#delivery) same += 1;
      return !gone;
    });
    counts.quarantined -= same;
    return same;
  }

  #take(change: SentChange): Outcome {
    const held =
      change.op === "update" && this.waiting.some((entry) => entry.change.row.id === change.row.id);
    const bad = change.op !== "delete" && !this.canStoreText(change.row.text);
    if (!held && !bad) return this.#apply(change);
    this.waiting.push({ change, delivery: this.#delivery });
    return "quarantined";
  }

  #apply({ op, row }: SentChange): Outcome {
    const { versioned, soft } = this.rules;
    const id = row.id as number;
    const version = versioned ? (row.version as number | undefined) : undefined;
    const stored = this.rows.get(id);
    if (op === "delete") {
      if (version !== undefined && isLower(version, stored?.version)) return "stale";
      const deletedAt = version ?? stored?.version;
      if (deletedAt !== undefined) {
        this.#tombstones.set(id, Math.max(deletedAt, this.#tombstones.get(id) ?? -Infinity));
      }
      if (stored?.deleted) return "ignored";
      if (soft && stored !== undefined) {
        this.rows.set(id, {
          ...stored,
          deleted: true,
          ...(deletedAt !== undefined && { version: deletedAt }),
        });
        return "deleted";
      }
      return this.rows.delete(id) ? "deleted" : "ignored";
    }
    if (op === "update" && (stored === undefined || stored.deleted)) return "ignored";
    const next = (op === "update" ? { ...stored, ...row } : { ...row }) as unknown as ModelRow;
    if (versioned && isLower(next.version, stored?.version)) return "stale";
    const grave = stored === undefined || stored.deleted ? this.#tombstones.get(id) : undefined;
    if (grave !== undefined && !isLower(grave, next.version)) return "stale";
    this.rows.set(id, next);
    if (stored === undefined) return "inserted";
    return equal(stored, next) ? "unchanged" : "updated";
  }
}

/** Whether it is known which row a change is about. */
export function isReadable({ row }: SentChange): boolean {
  return row.id !== undefined;
}

/** A row without a version is older than any with one. */
function isLower(version: number | undefined, other: number | undefined): boolean {
  return other !== undefined && (version === undefined || version < other);
}

function equal(a: ModelRow, b: ModelRow): boolean {
  const text = (row: ModelRow) => JSON.stringify(Object.entries(row).sort(([x], [y]) => (x < y ? -1 : 1)));
  return text(a) === text(b);
}

/** A mirror without a key: a bag of rows. */
export class BagModel {
  readonly rows = new Map<string, number>();
  #brought: Map<string, number> | null = null;
  #sweeping: Map<string, number> | null = null;
  readonly generations = new Generations();

  beginRefresh(): void {
    this.#brought = new Map();
  }

  finishRefresh(): void {
    this.#sweeping = this.#brought;
    this.#brought = null;
  }

  /** There are as many copies of a row as the refresh brought, and those that have come since. */
  sweep(): void {
    if (this.#sweeping === null) return;
    this.rows.clear();
    for (const [text, times] of this.#sweeping) this.rows.set(text, times);
    this.#sweeping = null;
  }

  // Every text can be stored, and there are few: nothing of it is ever held.
  agree(): boolean {
    return false;
  }

  discardUnreadable(): void {
    // Nothing waits.
  }

  deliver(texts: readonly string[], refresh: boolean): Counts {
    const counts = { ...noCounts, received: texts.length };
    const left = new Map(refresh ? this.rows : []);
    for (const text of texts) {
      for (const bag of [this.#brought, this.#sweeping]) bag?.set(text, (bag.get(text) ?? 0) + 1);
      const present = left.get(text) ?? 0;
      left.set(text, present - 1);
      if (present > 0) counts.unchanged += 1;
      else {
        counts.inserted += 1;
        this.rows.set(text, (this.rows.get(text) ?? 0) + 1);
      }
    }
    return counts;
  }
}
