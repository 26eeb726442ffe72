import { StringDecoder } from "node:string_decoder";

/** What stands behind a backslash; any other character stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  0: "\0",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  Z: "\u001A",
};

/**
 * Records of the backslash format: what Postgres' `COPY … TO` writes without `CSV`, and MySQL's `INTO OUTFILE`. A field
 * of `\N` is null, and a line that is `\.` ends the input.
 */
export async function* copyRecords(
  input: AsyncIterable<Buffer>,
  delimiter: string,
): AsyncGenerator<(string | null)[]> {
  const decoder = new StringDecoder("utf8");
  const parser = new CopyParser(delimiter);
  for await (const chunk of input) {
    yield* parser.push(decoder.write(chunk));
    if (parser.hasEnded) return;
  }
  yield* parser.end();
}

class CopyParser {
  hasEnded = false;
  #fields: (string | null)[] = [];
  #field = "";
  /** The character of an escape that begins the field: `N` of `\N`. */
  #first: string | null = null;
  #escaped = false;

  constructor(private readonly delimiter: string) {}

  *push(text: string): Generator<(string | null)[]> {
    for (const character of text) {
      if (this.#escaped) {
        this.#escaped = false;
        if (this.#field === "") this.#first = character;
        this.#field += ESCAPES[character] ?? character;
      } else if (character === "\\") {
        this.#escaped = true;
      } else if (character === this.delimiter) {
        this.#endField();
      } else if (character === "\n") {
        yield* this.#endRecord();
        if (this.hasEnded) return;
      } else {
        this.#field += character;
      }
    }
  }

  *end(): Generator<(string | null)[]> {
    if (this.#field !== "" || this.#fields.length > 0) yield* this.#endRecord();
  }

  #endField(): void {
    this.#fields.push(this.#first === "N" && this.#field === "N" ? null : this.#field);
    this.#field = "";
    this.#first = null;
  }

  *#endRecord(): Generator<(string | null)[]> {
    // Windows ends lines with CRLF.
    if (this.#field.endsWith("\r")) this.#field = this.#field.slice(0, -1);
    this.hasEnded = this.#fields.length === 0 && this.#first === "." && this.#field === ".";
    this.#endField();
    const record = this.#fields;
    this.#fields = [];
    if (!this.hasEnded) yield record;
  }
}
