/** Hostile requests: each is one that a route takes, with something changed; all drawn from a seed. */
import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import { signingKeyOf } from "../../src/core/token.js";
import { routesUnder } from "../../src/http/routes.js";

/** Numbers from a seed (mulberry32). */
export class Dice {
  constructor(private state: number) {}

  /** From 0 up to 1. */
  roll(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.roll() * count);
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }

  often(chance: number): boolean {
    return this.roll() < chance;
  }
}

export interface HostileRequest {
  method: string;
  path: string;
  headers: Record<string, string | null>;
  body: string | Uint8Array | undefined;
}

/** What earlier answers have named: requests use it again. */
export interface Known {
  /** Tokens by what they may do. */
  tokens: Record<string, string>;
  /** Runs, their mirrors, and the next sequence number of each. */
  runs: { id: string; mirror: string; sequence: number }[];
  cursors: unknown[];
}

type Node = unknown;

const deep = (levels: number): Node => {
  let value: Node = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

/** Values that somebody forgot once. Texts of `RAW` are put into the JSON as they are. */
const VALUES: readonly ((dice: Dice) => Node)[] = [
  () => null,
  () => true,
  () => "",
  () => [],
  () => ({}),
  () => 0,
  () => -1,
  () => 1e17,
  () => "\u0000",
  () => "\ud800",
  () => "😀".repeat(70),
  () => "*",
  () => "__proto__",
  () => "constructor",
  () => "toString",
  () => "could not find function",
  () => "OptimisticConcurrencyControlFailure please try again, the server is overloaded",
  () => "Too many reads in a single function execution (limit: 4096)",
  () => "\u001b]0;owned\u0007",
  () => "x".repeat(70_000),
  () => "大".repeat(30_000),
  () => deep(17),
  () => deep(150),
  () => ({ $integer: "AQAAAAAAAAA=" }),
  () => ({ $integer: "?" }),
  () => ({ $float: "AAAAAAAA+H8=" }),
  () => ({ $bytes: "AA==" }),
  () => ({ ["__proto__ "]: 1, _id: 2, $a: 3, "": 4, ü: 5 }),
  () => Array.from({ length: 9_000 }, () => 0),
  () => Object.fromEntries(Array.from({ length: 1_100 }, (_, i) => [`f${String(i)}`, i])),
  (dice) => dice.below(1_000),
  (dice) => String(dice.below(1_000)),
  (dice) => new Date(dice.below(2 ** 41)).toISOString(),
  () => ({ [RAW]: "9007199254740993" }),
  () => ({ [RAW]: "1e999" }),
  () => ({ [RAW]: "-0" }),
  () => ({ [RAW]: `0.1${"0".repeat(5_000)}1` }),
  () => ({ [RAW]: "1".repeat(400) }),
  () => ({ [RAW]: "nope" }),
  () => ({ [RAW]: "[".repeat(30_000) + "]".repeat(30_000) }),
];
const RAW = " raw";

function jsonOf(value: Node): string {
  return JSON.stringify(value ?? null).replace(/\{" raw":"([^"]*)"\}/g, "$1");
}

interface Target {
  name: string;
  /** As Airbyte and Fivetran call it. */
  stream: string;
  key: string[][] | null;
  row: (dice: Dice) => Record<string, Node>;
}

const target = (name: string, stream: string, key: string[][] | null, row: Target["row"]): Target => ({
  name,
  stream,
  key,
  row,
});
const id = (d: Dice) => String(d.below(20));

/** Mirrors of the app under test, and a stream that has none. */
const TARGETS: readonly Target[] = [
  target("users", "public_users", [["id"]], (d) => ({
    id: d.below(20),
    name: d.oneOf(["a", null]),
    age: d.below(99),
  })),
  target("events", "public_events", null, (d) => ({ kind: d.oneOf(["a", "b"]), at: d.below(3) })),
  target("regions", "regions", [["k"]], (d) => ({ k: d.oneOf(["a", "b", null]), v: d.below(9) })),
  target("things", "things", [["id"]], (d) => ({
    id: d.below(20),
    payload: { a: [d.below(9)] },
    "": 1,
    _x: "x",
  })),
  target("nested", "nested", [["a", "b"]], (d) => ({ a: { b: d.below(9) }, v: d.below(9) })),
  target("conformance_plain", "conformance_plain", [["id"]], (d) => ({
    id: id(d),
    text: "t",
    n: d.below(9),
  })),
  target("conformance_versioned", "conformance_versioned", [["id"]], (d) => ({
    id: id(d),
    version: d.below(99),
  })),
  target("conformance_soft", "conformance_soft", [["id"]], (d) => ({ id: id(d), text: d.oneOf(["t", "u"]) })),
  target("conformance_keyless", "conformance_keyless", null, (d) => ({
    text: d.oneOf(["a", "b"]),
    n: d.below(3),
  })),
  target("conformance_freeze", "conformance_freeze", [["id"]], (d) => ({ id: id(d), text: "t" })),
  target("nowhere", "nowhere", [["id"]], (d) => ({ id: d.below(9) })),
];

/** What Fivetran's destination fills; ids are int64. */
const FIVETRAN: readonly Target[] = ["s_plain", "s_ordered", "s_books"].map((stream) =>
  target(stream, stream, [["id"]], (d) => ({
    id: { $integer: btoa(String.fromCharCode(d.below(20), 0, 0, 0, 0, 0, 0, 0)) },
    name: d.oneOf(["n", "m"]),
    ...(d.often(0.8) && { fivetran: { synced: d.below(1e6), deleted: d.often(0.2) } }),
  })),
);

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** A body that the route takes; undefined for those without. */
function bodyFor(path: string, dice: Dice, known: Known): Node {
  const { name, stream, row } = dice.oneOf(path.includes("fivetran") ? FIVETRAN : TARGETS);
  if (path.endsWith("import_airbyte_records")) {
    const targets = [dice.oneOf(TARGETS), dice.oneOf(TARGETS.slice(0, 3))];
    const nameOf = ({ stream: each }: Target) =>
      dice.often(0.2) ? `temp_17000000${String(10 + dice.below(9))}_${each}` : each;
    const sent = targets.map((each) => ({ ...each, sentAs: nameOf(each) }));
    return {
      tables: Object.fromEntries(
        sent.map(({ sentAs, key }) => [
          sentAs,
          { jsonSchema: { type: "object" }, primaryKey: dice.often(0.1) ? [["id"]] : key },
        ]),
      ),
      messages: times(dice.below(12), () => {
        const { sentAs, row: make } = dice.oneOf(sent);
        const data = hostileRow(make, dice);
        return {
          tableName: sentAs,
          data: dice.often(0.2) ? { ...(data as object), _ab_cdc_deleted_at: "2024-01-01T00:00:00Z" } : data,
        };
      }),
    };
  }
  if (path.endsWith("clear_tables")) return { tableNames: [dice.oneOf([stream, name])] };
  if (path.endsWith("add_primary_key_indexes")) return { indexes: { [stream]: [["id"]] } };
  if (path.endsWith("replace_tables"))
    return {
      tableNames: {
        [`temp_17000000${String(10 + dice.below(9))}_${dice.often(0.2) ? dice.oneOf(NAMES) : stream}`]:
          stream,
      },
    };
  if (path.endsWith("fivetran_create_table"))
    return {
      tableDefinition: {
        tableName: stream,
        indexes: [{ indexDescriptor: "_fivetran_by_primary_key", fields: ["id"] }],
        documentType: {},
      },
    };
  if (path.endsWith("fivetran_truncate_table"))
    return {
      tableName: stream,
      deleteBefore: dice.oneOf([null, dice.below(1e6)]),
      deleteType: dice.oneOf(["HardDelete", "SoftDelete"]),
    };
  if (path.endsWith("apply_fivetran_operations"))
    return times(dice.below(6), () => ({
      table: stream,
      operation: dice.oneOf(["Upsert", "Update", "HardDelete"]),
      row: hostileRow(row, dice),
    }));
  if (path.endsWith("/v1/runs"))
    return {
      mirror: name,
      syncMode: dice.oneOf(["append_dedup", "append_dedup", "overwrite", "append"]),
      ...(dice.often(0.3) && { generation: dice.below(4), minimumGeneration: dice.below(4) }),
      ...(dice.often(0.2) && { counter: dice.oneOf(["c1", "c2"]) }),
    };
  if (path.includes("/v1/runs/"))
    return { outcome: dice.oneOf(["complete", "incomplete"]), allowShrink: dice.often(0.5) };
  if (path.endsWith("/v1/deliveries")) {
    const run = dice.oneOf([...known.runs, { id: "none", mirror: name, sequence: 1 }]);
    const { row: make = row } = TARGETS.find((each) => each.name === run.mirror) ?? {};
    const sequence = dice.often(0.8) ? run.sequence : dice.below(5);
    return {
      run: run.id,
      ...(dice.often(0.5) && { mirror: dice.often(0.9) ? run.mirror : name }),
      delivery: `d${String(dice.often(0.9) ? sequence : dice.below(6))}`,
      sequence,
      changes: times(dice.below(12), () => ({
        op: dice.oneOf(["upsert", "upsert", "upsert", "update", "delete"]),
        row: hostileRow(make, dice),
        ...(dice.often(0.05) && { previousKey: make(dice) }),
      })),
      ...(dice.often(0.2) && { upTo: dice.below(2 ** 41) }),
    };
  }
  if (path.endsWith("/v1/verify"))
    return { mirror: name, buckets: times(64, () => [dice.below(3), "0123456789abcdef"]) };
  if (path.includes("data/sync")) return { cursor: dice.oneOf([null, ...known.cursors]), selection: null };
  return { tableName: name, cursor: dice.oneOf([null, ...known.cursors]), format: "json" };
}

/** A row of which most are good. */
function hostileRow(make: Target["row"], dice: Dice): Node {
  return dice.often(0.15) ? mutate(make(dice), dice) : make(dice);
}

/** Names of fields, columns and tables that somebody forgot once. */
const NAMES = ["", "$", "_creationTime", "Ж", "a\ud800", "\udc00".repeat(600), "*".repeat(70_000)];

/** Puts something hostile somewhere into a value. */
function mutate(value: Node, dice: Dice): Node {
  if (typeof value !== "object" || value === null || dice.often(0.15)) return dice.oneOf(VALUES)(dice);
  if (Array.isArray(value)) {
    const at = dice.below(value.length + 1);
    return [...value.slice(0, at), mutate(value[at], dice), ...value.slice(at + 1)];
  }
  const entries = Object.entries(value);
  const at = dice.below(entries.length + 1);
  const [key, before] = entries[at] ?? [dice.oneOf(["x", "_id", "__proto__", "ü", "mirror"]), null];
  if (dice.often(0.1)) entries.splice(at, 1);
  else entries[at] = [dice.often(0.1) ? dice.oneOf(NAMES) : key, mutate(before, dice)];
  return Object.fromEntries(entries);
}

/** Breaks a text where nobody expects it. */
function damage(text: string, dice: Dice): string | Uint8Array {
  const at = dice.below(text.length + 1);
  switch (dice.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return (
        text.slice(0, at) + dice.oneOf(['"', "}", "\\ud800", "\0", ",", "9".repeat(500)]) + text.slice(at)
      );
    case 2:
      return new Uint8Array([...new TextEncoder().encode(text), 0xff, 0xc0]);
    case 3:
      return "\n".repeat(2_000) + text;
    default:
      return text + text;
  }
}

const ROUTES = routesUnder("").filter(({ path }) => !path.startsWith("//"));

/** The routes that write rows, which are tried as often as all the others. */
const WRITING = ROUTES.filter(({ path }) =>
  /import_airbyte|apply_fivetran|v1\/(deliveries|runs)$/.test(path),
);

/** The next request of a sender that means no good. */
export function hostileRequest(dice: Dice, known: Known): HostileRequest {
  const route = dice.oneOf(dice.often(0.5) ? WRITING : ROUTES);
  let path = route.path;
  if (route.prefix === true)
    path += `${dice.oneOf([...known.runs.map((run) => run.id), "none", "%ff", "a%2Fb"])}/finish`;
  if (route.method === "GET") {
    const { name } = dice.oneOf(TARGETS);
    const query = new URLSearchParams({
      mirror: dice.often(0.2) ? String(dice.oneOf(VALUES)(dice)).slice(0, 500) : name,
      tableName: name,
      cursor: String(dice.oneOf<unknown>([...known.cursors, "0", "-1", "1e30", "null", "NaN"])),
      format: dice.oneOf(["json", "convex", "xml"]),
    });
    path += `?${query.toString()}`;
  }
  const method = dice.often(0.03) ? dice.oneOf(["GET", "POST", "PUT", "DELETE", "PATCH"]) : route.method;

  let body: string | Uint8Array | undefined;
  const headers: Record<string, string | null> = {};
  if (method !== "GET") {
    let value = bodyFor(route.path, dice, known);
    if (dice.often(0.3))
      do value = mutate(value, dice);
      while (dice.often(0.3));
    const { changes, ...head } = (value ?? {}) as { changes?: Node };
    const isLines = route.path.endsWith("/v1/deliveries") && Array.isArray(changes) && dice.often(0.2);
    body = isLines
      ? [head, ...(changes as Node[])].map((line) => jsonOf(line)).join(dice.oneOf(["\n", "\r\n", "\n\n"]))
      : jsonOf(value);
    if (isLines) headers["Content-Type"] = "application/x-ndjson";
    if (dice.often(0.05)) body = damage(body, dice);
    if (dice.often(0.1)) {
      headers["Content-Encoding"] = dice.oneOf(["gzip", "gzip", "gzip", "br", ""]);
      const packed = gzipSync(typeof body === "string" ? Buffer.from(body) : body);
      body = new Uint8Array(dice.often(0.2) ? packed.subarray(0, dice.below(packed.length)) : packed);
    }
    if (dice.often(0.02)) headers["Content-Type"] = dice.oneOf(["text/plain", "application/xml", "a"]);
  }

  const kind = dice.oneOf(Object.keys(known.tokens));
  const token = known.tokens[kind]!;
  if (dice.often(0.04))
    headers.Authorization = dice.oneOf([
      null,
      "",
      "Convex",
      "Bearer x",
      `Convex csi_${"0".repeat(64)}`,
      "Basic eA==",
    ]);
  else
    headers.Authorization = `${dice.oneOf(["Convex", "Bearer"])} ${dice.often(0.75) ? known.tokens.all! : token}`;
  if (dice.often(0.05) && headers.Authorization?.endsWith(known.tokens.signed!) === true) {
    const seconds = String(Math.floor(Date.now() / 1000));
    const signed = createHmac("sha256", Buffer.from(signingKeyOf(known.tokens.signed!), "hex"));
    signed.update(`${seconds}.${method} ${path}.`).update(body ?? "");
    headers["X-Signature"] = `t=${seconds},v1=${signed.digest("hex")}`;
  }
  return { method, path, headers, body };
}
