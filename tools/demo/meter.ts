/** Measures how fast rows go, over the whole and over parts of it. */
export class Meter {
  readonly #startedAt = performance.now();
  /** Rows and milliseconds so far, after each request. */
  readonly #points: { rows: number; ms: number }[] = [{ rows: 0, ms: 0 }];

  add(rows: number): void {
    this.#points.push({ rows: this.rows + rows, ms: performance.now() - this.#startedAt });
  }

  get rows(): number {
    return this.#points.at(-1)!.rows;
  }

  /** Up to the last row. */
  get seconds(): number {
    return this.#points.at(-1)!.ms / 1000;
  }

  /** Rows per second of a part of the rows, 0 to 1. Between two requests time is taken to pass evenly. */
  rate(from = 0, to = 1): number {
    const seconds = (this.#msAt(to * this.rows) - this.#msAt(from * this.rows)) / 1000;
    return seconds === 0 ? 0 : ((to - from) * this.rows) / seconds;
  }

  #msAt(rows: number): number {
    const after = this.#points.findIndex((point) => point.rows >= rows);
    if (after <= 0) return 0;
    const [low, high] = [this.#points[after - 1]!, this.#points[after]!];
    return low.ms + ((rows - low.rows) / (high.rows - low.rows)) * (high.ms - low.ms);
  }
}
