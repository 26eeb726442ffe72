/** A sorted list in blocks: insert and delete move at most one block, so both stay fast with many items. */
const BLOCK_SIZE = 512;

export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  #blocks: T[][] = [];

  constructor(compare: (a: T, b: T) => number, items: T[]) {
    this.#compare = compare;
    const sorted = [...items].sort(compare);
    for (let i = 0; i < sorted.length; i += BLOCK_SIZE) this.#blocks.push(sorted.slice(i, i + BLOCK_SIZE));
  }

  insert(item: T): void {
    const [blockIndex, position] = this.#find((other) => this.#compare(other, item) < 0);
    const block = this.#blocks[blockIndex];
    if (block === undefined) {
      const last = this.#blocks.at(-1);
      if (last === undefined || last.length >= BLOCK_SIZE) this.#blocks.push([item]);
      else last.push(item);
      return;
    }
    block.splice(position, 0, item);
    if (block.length > 2 * BLOCK_SIZE)
      this.#blocks.splice(blockIndex, 1, block.slice(0, BLOCK_SIZE), block.slice(BLOCK_SIZE));
  }

  /** Removes the item that compares equal; false if there is none. */
  delete(item: T): boolean {
    const [blockIndex, position] = this.#find((other) => this.#compare(other, item) < 0);
    const block = this.#blocks[blockIndex];
    const found = block?.[position];
    if (block === undefined || found === undefined || this.#compare(found, item) !== 0) return false;
    block.splice(position, 1);
    if (block.length === 0) this.#blocks.splice(blockIndex, 1);
    return true;
  }

  /**
   * The items that are neither before nor after a range. `isBefore` must be true for a (possibly empty) start of the
   * list only, `isAfter` for an end of it only. The list must not change while this is being read.
   */
  *range(isBefore: (item: T) => boolean, isAfter: (item: T) => boolean, order: "asc" | "desc"): Generator<T> {
    if (order === "asc") {
      let [blockIndex, position] = this.#find(isBefore);
      for (; blockIndex < this.#blocks.length; blockIndex++, position = 0) {
        const block = this.#blocks[blockIndex]!;
        for (; position < block.length; position++) {
          if (isAfter(block[position]!)) return;
          yield block[position]!;
        }
      }
    } else {
      let [blockIndex, position] = this.#find((item) => !isAfter(item));
      for (; blockIndex >= 0; blockIndex--, position = this.#blocks[blockIndex]?.length ?? 0) {
        const block = this.#blocks[blockIndex] ?? [];
        for (position--; position >= 0; position--) {
          if (isBefore(block[position]!)) return;
          yield block[position]!;
        }
      }
    }
  }

  /** Where the first item is for which `isBefore` no longer holds; past the last block if it holds for all. */
  #find(isBefore: (item: T) => boolean): [blockIndex: number, position: number] {
    const blockIndex = firstFalse(this.#blocks.length, (i) => isBefore(this.#blocks[i]!.at(-1)!));
    const block = this.#blocks[blockIndex];
    return [blockIndex, block === undefined ? 0 : firstFalse(block.length, (i) => isBefore(block[i]!))];
  }
}

/** Binary search for the first index where a condition that starts true turns false. */
function firstFalse(length: number, condition: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (condition(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
