import type { Value } from "convex/values";
import { addRow, emptyDigest, encodeDigest, removeRow } from "../../core/proof/digest.js";
import { rowHash as hashOf } from "../../core/proof/hash.js";
import { keyText } from "../../core/proof/keyText.js";
import { addToSketch, emptySketch } from "../../core/proof/sketch.js";

/** What the writes of one transaction do to the digest and the sketch of a mirror. */
export class DigestChange {
  readonly #digest = emptyDigest();
  readonly #sketch = emptySketch();

  /** A row that is there now. `rowHash` saves the hashing when it is known. */
  add(key: readonly Value[], keyHash: bigint, row: Record<string, Value>, rowHash?: bigint): void {
    const hash = rowHash ?? hashOf(row);
    addRow(this.#digest, keyHash, hash);
    addToSketch(this.#sketch, 1, BigInt.asUintN(64, keyHash), BigInt.asUintN(64, hash), keyText(key));
  }

  /** A row as it was before. */
  remove(key: readonly Value[], keyHash: bigint, row: Record<string, Value>): void {
    const hash = hashOf(row);
    removeRow(this.#digest, keyHash, hash);
    addToSketch(this.#sketch, -1, BigInt.asUintN(64, keyHash), BigInt.asUintN(64, hash), keyText(key));
  }

  encode(): { digest: ArrayBuffer; sketch: ArrayBuffer } {
    return { digest: encodeDigest(this.#digest), sketch: this.#sketch };
  }
}
