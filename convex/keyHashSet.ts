/**
 * A set of 64-bit key hashes that stays small: 8 bytes a key instead of the fifty of a JavaScript Set. Hashes are
 * added in batches and sorted once, at the first question after them.
 */
export class KeyHashSet {
  #hashes = new BigUint64Array(0);
  #added: BigUint64Array[] = [];

  add(batch: BigUint64Array): void {
    this.#added.push(batch);
  }

  has(hash: bigint): boolean {
    const hashes = this.#sorted();
    let low = 0;
    let high = hashes.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = hashes[middle]!;
      if (found === hash) return true;
      if (found < hash) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  #sorted(): BigUint64Array {
    if (this.#added.length > 0) {
      const batches = [this.#hashes, ...this.#added];
      const merged = new BigUint64Array(batches.reduce((sum, batch) => sum + batch.length, 0));
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
