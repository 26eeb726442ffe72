import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import { parse } from "lossless-json";
import { ApiError, refusalOf } from "../api/apiError.js";
import { fetchText, type ClientOptions } from "../api/client.js";
import { DEFAULT_RETRY, retrying } from "../api/retry.js";

/** One row as a reader gets it: its content, or the word that it is deleted. */
export interface ExportedRow {
  /** When it was committed, in nanoseconds; for a row of a snapshot, no later than the snapshot. */
  ts: bigint;
  deleted: boolean;
  /** `_id`, and unless it is deleted `_creationTime` and its own fields. */
  fields: Record<string, Value | undefined>;
}

/** Where a reader of one table is. Integers are text: they do not fit into a number. */
export type Position =
  | { phase: "snapshot"; snapshot: string | null; cursor: string | null }
  | { phase: "changes"; cursor: string };

export const START: Position = { phase: "snapshot", snapshot: null, cursor: null };

export interface Page {
  rows: ExportedRow[];
  /** Where to go on. */
  next: Position;
  /** Whether there is more to read now. */
  hasMore: boolean;
  bytes: number;
}

interface Answer {
  values: Record<string, unknown>[];
  snapshot?: bigint | number;
  cursor: string | bigint | number | null;
  hasMore: boolean;
}

/** What a JSON schema says, as far as columns depend on it. */
export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
}

/** A reader of the export routes, for one page of one table at a time. */
export class ExportClient {
  readonly #url: string;

  constructor(private readonly options: ClientOptions) {
    this.#url = options.url.replace(/\/+$/, "");
  }

  /** The tables that the token opens, with the schemas of their rows. */
  async schemas(): Promise<Record<string, JsonSchema>> {
    return (await this.#get("json_schemas", { deltaSchema: "false" })) as Record<string, JsonSchema>;
  }

  /** Reads one page: the rows that are there, then what changes. */
  async page(table: string, from: Position): Promise<Page> {
    const isSnapshot = from.phase === "snapshot";
    const { answer, bytes } = await this.#page(isSnapshot ? "list_snapshot" : "document_deltas", {
      tableName: table,
      ...(isSnapshot && from.snapshot !== null && { snapshot: from.snapshot }),
      ...(from.cursor !== null && { cursor: from.cursor }),
    });
    const rows = answer.values.map(rowOf);
    if (!isSnapshot) {
      const next = { phase: "changes" as const, cursor: String(answer.cursor) };
      return { rows, next, hasMore: answer.hasMore, bytes };
    }
    const snapshot = String(answer.snapshot);
    // After the last page of the snapshot there are the changes since it began.
    const next: Position = answer.hasMore
      ? { phase: "snapshot", snapshot, cursor: answer.cursor as string }
      : { phase: "changes", cursor: snapshot };
    return { rows, next, hasMore: true, bytes };
  }

  async #page(route: string, query: Record<string, string>) {
    let bytes = 0;
    const answer = (await this.#get(route, query, (length) => (bytes = length))) as Partial<Answer> | null;
    if (!Array.isArray(answer?.values) || typeof answer.hasMore !== "boolean") {
      throw new ApiError(
        404,
        "NotTheExportApi",
        `${this.#url} answers ${route}, but not as the export API does.`,
      );
    }
    return { answer: answer as Answer, bytes };
  }

  async #get(
    route: string,
    query: Record<string, string>,
    sized?: (length: number) => void,
  ): Promise<unknown> {
    const { signal, onRetry, retry } = this.options;
    const search = new URLSearchParams({ ...query, format: "convex_encoded_json" });
    const url = `${this.#url}/api/${route}?${search.toString()}`;
    return await retrying(
      async () => {
        const { status, statusText, text, retryAfter } = await fetchText("GET", url, this.options);
        if (status !== 200) throw refusalOf(status, statusText, text, retryAfter);
        sized?.(text.length);
        try {
          return parse(text, null, { parseNumber });
        } catch (error) {
          const message = `${this.#url} answers, but not as the export API does. Use the deployment's site URL (https://….convex.site).`;
          throw new ApiError(404, "NotTheExportApi", message, null, { cause: error });
        }
      },
      { ...DEFAULT_RETRY, ...retry },
      { signal, onRetry },
    );
  }
}

/** Positions are integers above 2^53, and have to come back exactly. */
function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

function rowOf({ _component, _table, _ts, _deleted, ...document }: Record<string, unknown>): ExportedRow {
  return {
    ts: BigInt(_ts as bigint | number),
    deleted: _deleted === true,
    fields: jsonToConvex(document as JSONValue) as ExportedRow["fields"],
  };
}
