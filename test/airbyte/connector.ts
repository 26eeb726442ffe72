/**
 * A simulator of Airbyte's `destination-convex`: the requests that it makes for a connection and a stream of messages,
 * in order. In the three generations that are about:
 *
 * - G1 (0.1.0): overwritten streams go to `temp_<seconds>_<table>`, and `replace_tables` at the end.
 * - G2 (0.2.x): `clear_tables` at the start; set-up calls leave the namespace out.
 * - G3 (later): the full name everywhere.
 */

export const GENERATIONS = ["G1", "G2", "G3"] as const;
export type Generation = (typeof GENERATIONS)[number];

export const SYNC_MODES = ["append", "append_dedup", "overwrite"] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

/** A stream as a connection configures it; the part that the connector looks at. */
export interface ConfiguredStream {
  name: string;
  namespace?: string;
  syncMode: SyncMode;
  primaryKey?: string[][];
  jsonSchema?: object;
}

/** What a source says. Messages of all other types are ignored by the connector. */
export type Message =
  | { type: "RECORD"; stream: string; namespace?: string; data: Record<string, unknown> }
  | { type: "STATE"; state: object };

/** A request of the connector and the status it got. */
export interface Call {
  method: string;
  /** The part behind `/api/streaming_import/`. */
  endpoint: string;
  body: unknown;
  status: number;
}

/** How an attempt to sync went. */
export interface Attempt {
  /** False when the connector gave up, which it does at the first status other than 200. */
  succeeded: boolean;
  calls: Call[];
  /** The states that the connector passed on to the platform: what came before them is stored. */
  states: object[];
}

export interface Connection {
  generation: Generation;
  streams: ConfiguredStream[];
  /** Sends a request. Returns its status and its text. */
  send: (method: string, path: string, body: unknown) => Promise<{ status: number; text: string }>;
  /** `deployment_url` without its host. Default: the root. */
  basePath?: string;
  /** Called after each request. */
  afterCall?: (call: Call) => Promise<void>;
}

/** The connector's own batch size. */
export const FLUSH_INTERVAL = 1000;

/** Polls after which a test has waited long enough for an index; the connector waits for ever. */
const MAX_POLLS = 3;

/** The connector's answer to any status other than 200: the attempt is over. */
class GaveUp extends Error {}

/** A RECORD message. */
export function record(stream: { name: string; namespace?: string }, data: Record<string, unknown>): Message {
  const { name, namespace } = stream;
  return { type: "RECORD", stream: name, ...(namespace !== undefined && { namespace }), data };
}

/** A STATE message. */
export function state(cursor: number): Message {
  return { type: "STATE", state: { cursor } };
}

/** `check`: true when the connection test of the connector's form succeeds. */
export async function check({
  send,
  basePath = "",
}: Pick<Connection, "send" | "basePath">): Promise<boolean> {
  return (await send("GET", `${basePath}/version`, undefined)).status === 200;
}

/** `write`: one attempt to sync. */
export async function write(connection: Connection, messages: Iterable<Message>): Promise<Attempt> {
  const writer = new Writer(connection);
  try {
    await writer.write(messages);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    return { succeeded: false, calls: writer.calls, states: writer.states };
  }
  return { succeeded: true, calls: writer.calls, states: writer.states };
}

class Writer {
  readonly calls: Call[] = [];
  readonly states: object[] = [];
  readonly #connection;
  readonly #temporaryPrefix = `temp_${String(Math.floor(Date.now() / 1000))}_`;
  #buffer: { tableName: string; data: Record<string, unknown> }[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async write(messages: Iterable<Message>): Promise<void> {
    await this.#setUp();
    for (const message of messages) {
      if (message.type === "STATE") {
        await this.#flush();
        this.states.push(message.state);
      } else {
        this.#buffer.push({ tableName: this.#targetOf(message), data: message.data });
        if (this.#buffer.length === FLUSH_INTERVAL) await this.#flush();
      }
    }
    await this.#flush();
    await this.#replaceTables();
  }

  async #setUp(): Promise<void> {
    const { generation, streams } = this.#connection;
    const overwritten = streams.filter(({ syncMode }) => syncMode === "overwrite");
    if (generation !== "G1" && overwritten.length > 0) {
      await this.#request("PUT", "clear_tables", {
        tableNames: overwritten.map((stream) => this.#setUpName(stream)),
      });
    }
    const keyed = streams.filter(
      ({ syncMode, primaryKey = [] }) => syncMode === "append_dedup" && primaryKey.length > 0,
    );
    if (keyed.length === 0) return;
    const indexes = Object.fromEntries(keyed.map((stream) => [this.#setUpName(stream), stream.primaryKey]));
    await this.#request("PUT", "add_primary_key_indexes", { indexes });
    for (let poll = 0; poll < MAX_POLLS; poll++) {
      const text = await this.#request("GET", "primary_key_indexes_ready", { tables: Object.keys(indexes) });
      if ((JSON.parse(text) as { indexesReady: boolean }).indexesReady) return;
    }
    throw new Error("The connector polls primary_key_indexes_ready for ever.");
  }

  async #flush(): Promise<void> {
    const messages = this.#buffer;
    this.#buffer = [];
    await this.#request("POST", "import_airbyte_records", { tables: this.#tables(), messages });
  }

  async #replaceTables(): Promise<void> {
    const overwritten = this.#connection.streams.filter((stream) => this.#isTemporary(stream));
    if (overwritten.length === 0) return;
    await this.#request("POST", "replace_tables", {
      tableNames: Object.fromEntries(
        overwritten.map((stream) => [this.#tableName(stream), fullName(stream)]),
      ),
    });
  }

  /** Every stream of the connection, in each request; the primary key only of those that are deduplicated. */
  #tables(): Record<string, unknown> {
    return Object.fromEntries(
      this.#connection.streams.map((stream) => [
        this.#tableName(stream),
        {
          primaryKey: stream.syncMode === "append_dedup" ? (stream.primaryKey ?? null) : null,
          jsonSchema: stream.jsonSchema ?? {},
        },
      ]),
    );
  }

  /** The table to which the records of a message go. */
  #targetOf(message: { stream: string; namespace?: string }): string {
    const stream = this.#connection.streams.find(
      ({ name, namespace }) => name === message.stream && namespace === message.namespace,
    );
    return stream === undefined ? fullName({ ...message, name: message.stream }) : this.#tableName(stream);
  }

  #tableName(stream: ConfiguredStream): string {
    return this.#isTemporary(stream) ? this.#temporaryPrefix + fullName(stream) : fullName(stream);
  }

  #isTemporary(stream: ConfiguredStream): boolean {
    return this.#connection.generation === "G1" && stream.syncMode === "overwrite";
  }

  #setUpName(stream: ConfiguredStream): string {
    return this.#connection.generation === "G3" ? fullName(stream) : stream.name;
  }

  async #request(method: string, endpoint: string, body: unknown): Promise<string> {
    const { send, basePath = "", afterCall } = this.#connection;
    const { status, text } = await send(method, `${basePath}/api/streaming_import/${endpoint}`, body);
    const call: Call = { method, endpoint, body, status };
    this.calls.push(call);
    await afterCall?.(call);
    if (status !== 200) throw new GaveUp();
    return text;
  }
}

/** The name under which the connector sends a stream: the namespace, if there is one, and the name. */
function fullName({ namespace, name }: { namespace?: string; name: string }): string {
  return namespace === undefined ? name : `${namespace}_${name}`;
}
