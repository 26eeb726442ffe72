/**
 * A bag of 64-bit key hashes that stays small: 8 bytes a key instead of the fifty of a JavaScript Set. Hashes are
 * added in batches and sorted once, at the first question after them.
 */
export class KeyHashBag {
  #hashes = new BigInt64Array(0);
  #added: BigInt64Array[] = [];

  /** A bag of the hashes of these batches, as manifests keep them. */
  static of(batches: readonly ArrayBuffer[]): KeyHashBag {
    const bag = new KeyHashBag();
    for (const batch of batches) bag.add(new BigInt64Array(batch));
    return bag;
  }

  add(batch: BigInt64Array): void {
    this.#added.push(batch);
  }

  has(hash: bigint): boolean {
    return this.#hashesSorted()[this.#firstFrom(hash)] === hash;
  }

  /** How often the hash was added. */
  count(hash: bigint): number {
    return this.has(hash) ? this.#firstFrom(hash + 1n) - this.#firstFrom(hash) : 0;
  }

  /** Position of the first hash that is not lower. */
  #firstFrom(hash: bigint): number {
    const hashes = this.#hashesSorted();
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #hashesSorted(): BigInt64Array {
    if (this.#added.length > 0) {
      const batches = [this.#hashes, ...this.#added];
      const merged = new BigInt64Array(batches.reduce((sum, batch) => sum + batch.length, 0));
      let at = 0;
      for (const batch of batches) {
        merged.set(batch, at);
        at += batch.length;
      }
      this.#hashes = merged.sort();
      this.#added = [];
    }
    return this.#hashes;
  }
}
