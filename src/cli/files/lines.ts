const NEWLINE = 0x0a;

/** A line, as bytes of a larger buffer: valid until the next chunk only. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void;

/** Cuts chunks of bytes into lines without copying them, save the lines that span chunks. */
export class LineSplitter {
  /** What came since the last line break. */
  #parts: Buffer[] = [];

  constructor(private readonly onLine: OnLine) {}

  push(chunk: Buffer): void {
    let start = 0;
    if (this.#parts.length > 0) {
      const end = chunk.indexOf(NEWLINE);
      if (end === -1) {
        this.#parts.push(chunk);
        return;
      }
      this.#parts.push(chunk.subarray(0, end));
      this.#flushParts();
      start = end + 1;
    }
    for (let end = chunk.indexOf(NEWLINE, start); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.onLine(chunk, start, end);
      start = end + 1;
    }
    // A copy: streams may use the memory of a chunk again, and the rest of it need not be kept.
    if (start < chunk.length) this.#parts.push(Buffer.from(chunk.subarray(start)));
  }

  /** The line that has no line break behind it. Returns false when there is none. */
  end(): boolean {
    if (this.#parts.length === 0) return false;
    this.#flushParts();
    return true;
  }

  #flushParts(): void {
    const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.onLine(line, 0, line.length);
  }
}
