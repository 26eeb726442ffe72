import type { Lane } from "./lane.js";
import { streamKey } from "./protocol.js";

/** Finds the lane of a stream: a million times in a row the same one. */
export class Streams {
  readonly #lanes: Map<string, Lane>;
  #last: { name: string; namespace: string | null | undefined; lane: Lane } | null = null;
  /** Streams that are not in the catalog, with the number of their records. */
  readonly unknown = new Map<string, number>();

  constructor(lanes: readonly Lane[]) {
    this.#lanes = new Map(lanes.map((lane) => [streamKey(lane.target.descriptor), lane]));
  }

  find(name: string, namespace: string | null | undefined): Lane | null {
    const last = this.#last;
    if (last?.name === name && last.namespace === namespace) return last.lane;
    const lane = this.#lanes.get(streamKey({ name, namespace })) ?? null;
    if (lane !== null) this.#last = { name, namespace, lane };
    return lane;
  }

  /** Counts a record of a stream that is not in the catalog; true for its first one. */
  isFirstOfUnknown(name: string): boolean {
    const seen = this.unknown.get(name) ?? 0;
    this.unknown.set(name, seen + 1);
    return seen === 0;
  }
}
