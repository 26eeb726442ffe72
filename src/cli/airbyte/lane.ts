import { DeliveryBody } from "../files/body.js";
import { NO_COUNTS, type Counts } from "../../core/wire/v1.js";
import type { Target } from "./catalog.js";
import { RecordShape } from "./recordShape.js";

/** A delivery that is complete and waits for its turn. */
export interface Sealed {
  body: DeliveryBody;
  sequence: number;
  /** Position in the input of its first row. */
  from: number;
  committedAt: number | undefined;
}

export type Outcome = "complete" | "incomplete";

/** One mirror on its way: its deliveries go out one after another, in the order of the input. */
export class Lane {
  run = "";
  /** Number of the delivery that is being built, or is built next. */
  sequence = 1;
  building: DeliveryBody | null = null;
  /** Position in the input of the first row of `building`. */
  buildingFrom = 0;
  /** The newest commit time of the source that `building` knows, as the source writes it. */
  committed: string | null = null;
  readonly queue: Sealed[] = [];
  inFlight: Sealed | null = null;
  /** How the source said that the stream ended, once it did. */
  outcome: Outcome | null = null;
  finishing: Promise<void> | null = null;
  counts: Counts = NO_COUNTS;
  /** Rows since the last state of this stream. */
  sinceState = 0;
  readonly shape = new RecordShape();
  readonly keyed: boolean;
  /** Change-data-capture columns that the mirror declares as fields, and so wants to have. */
  readonly keptCdcColumns: ReadonlySet<string>;

  constructor(readonly target: Target) {
    const { primaryKey, fields = {}, columns = {} } = target.mirror;
    this.keyed = primaryKey !== null;
    const declared = [...Object.keys(fields), ...Object.values(columns)];
    this.keptCdcColumns = new Set(
      declared.flatMap((name) =>
        name.startsWith("source_ab_cdc")
          ? [name.slice("source".length)]
          : name.startsWith("_ab_cdc")
            ? [name]
            : [],
      ),
    );
  }

  /** Position in the input of the first row that is not acknowledged; Infinity when there is none. */
  get oldest(): number {
    return (
      this.inFlight?.from ?? this.queue[0]?.from ?? (this.building === null ? Infinity : this.buildingFrom)
    );
  }

  /** Whether nothing of it is under way or waits to be. */
  get isIdle(): boolean {
    return this.inFlight === null && this.queue.length === 0;
  }

  /** The body that takes the row at this position of the input. */
  open(position: number): DeliveryBody {
    if (this.building === null) {
      this.building = new DeliveryBody();
      this.buildingFrom = position;
    }
    return this.building;
  }

  /** Moves what is being built to the queue. */
  seal(): void {
    if (this.building === null) return;
    const committedAt = this.committed === null ? NaN : Date.parse(this.committed);
    this.queue.push({
      body: this.building,
      sequence: this.sequence++,
      from: this.buildingFrom,
      committedAt: Number.isNaN(committedAt) ? undefined : committedAt,
    });
    this.building = null;
    this.committed = null;
  }
}
