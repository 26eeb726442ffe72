/** Room that a body keeps at its front for the head line, which is known last. */
const HEAD_ROOM = 768;

/** What a new buffer holds: small mirrors need no more. */
const INITIAL_BYTES = 64 * 1024;

/** Buffers that wait for their next use. More are left to the garbage collector. */
const MAX_POOLED = 16;

/** A buffer that grew beyond this for one huge row is not worth keeping. */
const MAX_POOLED_BYTES = 4 * 1024 * 1024;

const UPSERT = Buffer.from('{"op":"upsert","row":');
const DELETE = Buffer.from('{"op":"delete","row":');
const END = Buffer.from("}\n");

export type Op = "upsert" | "delete";

/** What the head line of a delivery says. */
export interface Head {
  run: string;
  /** The run's mirror: it spares the importer a look-up. */
  mirror: string;
  delivery: string;
  sequence: number;
  /** Milliseconds since 1970. */
  committedAt?: number;
}

/**
 * The body of a delivery as it grows: NDJSON in one buffer, so that rows are copied once, and nothing keeps the chunks
 * of input alive from which they come. Buffers are used again.
 */
export class DeliveryBody {
  static readonly #pool: Buffer[] = [];

  #buffer = DeliveryBody.#pool.pop() ?? Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = HEAD_ROOM;
  #rowStart = HEAD_ROOM;
  rows = 0;

  /** Bytes of the changes so far. */
  get bytes(): number {
    return this.#length - HEAD_ROOM;
  }

  /** Adds a change whose row is JSON text in `bytes`, from `start` to `end`. */
  change(op: Op, bytes: Uint8Array, start: number, end: number): void {
    this.begin(op);
    this.copy(bytes, start, end);
    this.finish();
  }

  /** Adds a change whose row is JSON text. */
  changeOfText(op: Op, text: string): void {
    this.begin(op);
    this.text(text);
    this.finish();
  }

  /** Begins a change; its row is what `copy` and `text` add until `finish`. */
  begin(op: Op): void {
    this.#rowStart = this.#length;
    const opening = op === "upsert" ? UPSERT : DELETE;
    this.copy(opening, 0, opening.length);
  }

  copy(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    // For short pieces a loop is cheaper than a call.
    if (end - start <= 32) {
      const buffer = this.#buffer;
      let at = this.#length;
      for (let i = start; i < end; i++) buffer[at++] = bytes[i]!;
    } else {
      this.#buffer.set(bytes.subarray(start, end), this.#length);
    }
    this.#length += end - start;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /**
   * Makes one line of the row that is being added: a line break would cut it. JSON has none inside of its strings, so
   * that spaces in their place mean the same.
   */
  flatten(): void {
    for (let at = this.#rowStart; at < this.#length; at++) {
      const byte = this.#buffer[at];
      if (byte === 0x0a || byte === 0x0d) this.#buffer[at] = 0x20;
    }
  }

  /** Ends a change. */
  finish(): void {
    this.copy(END, 0, END.length);
    this.rows++;
  }

  /** The body with its head line, valid until `release`. */
  seal(head: Head): Buffer {
    const line = Buffer.from(`${JSON.stringify(head)}\n`);
    const start = HEAD_ROOM - line.length;
    if (start < 0) throw new Error("The head of a delivery is too long.");
    line.copy(this.#buffer, start);
    return this.#buffer.subarray(start, this.#length);
  }

  /** The changes alone, without the head line; valid until `release`. */
  get content(): Buffer {
    return this.#buffer.subarray(HEAD_ROOM, this.#length);
  }

  /** Gives the buffer back. The body must not be used any more. */
  release(): void {
    const pool = DeliveryBody.#pool;
    if (this.#buffer.length <= MAX_POOLED_BYTES && pool.length < MAX_POOLED) pool.push(this.#buffer);
    this.#buffer = EMPTY;
    this.#length = HEAD_ROOM;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes + END.length;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

const EMPTY = Buffer.alloc(0);
