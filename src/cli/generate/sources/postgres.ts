import { CliError } from "../../terminal/exit.js";
import type { Client } from "pg";
import type { SourceColumn, SourceSchema, SourceTable } from "../model.js";
import { columnTypeOf, forbidsNull, type PostgresType } from "./postgresTypes.js";
import { connect } from "../../postgres/client.js";

/** Tables of all kinds but indexes, sequences and the like; partitions are part of their parent, and extensions keep theirs. */
const TABLES = `
  select c.oid, n.nspname as namespace, c.relname as name, c.relkind in ('v', 'm') as view,
    obj_description(c.oid, 'pg_class') as comment
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and not exists (select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  order by n.nspname, c.relname`;

const COLUMNS = `
  select a.attrelid as table, a.attname as name, a.atttypid as type, a.attnotnull as "notNull", a.attndims as dimensions,
    a.attgenerated <> '' as generated, col_description(a.attrelid, a.attnum) as comment
  from pg_catalog.pg_attribute a
  where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
  order by a.attrelid, a.attnum`;

/** Indexes by whose columns every row can be found: the primary key, and unique ones of columns that are never null. */
const KEYS = `
  select i.indrelid as table, x.relname as index, i.indisprimary as primary, i.indisreplident as identity, k.columns
  from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
  cross join lateral (
    select array_agg(a.attname::text order by u.n) as columns, bool_and(a.attnotnull) as "notNull"
    from unnest(i.indkey::int2[]) with ordinality u(attnum, n)
    join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
    where u.n <= i.indnkeyatts) k
  where i.indrelid = any($1::oid[]) and i.indisunique and i.indisvalid and i.indimmediate
    and i.indpred is null and i.indexprs is null and k."notNull"
  order by i.indisprimary desc, i.indisreplident desc, cardinality(k.columns), x.relname`;

/** The types of columns, and what these are made of. Arrays of boxes, which have semicolons between them, stay text. */
const TYPES = `
  with recursive used(oid) as (
    select unnest($1::oid[])
    union
    select made.of from used join pg_catalog.pg_type t on t.oid = used.oid
      cross join lateral (values (t.typelem), (t.typbasetype)) made(of) where made.of <> 0)
  select t.oid, t.typname as name, t.typtype as kind, t.typnotnull as "notNull", t.typbasetype as base, t.typelem as element,
    t.typcategory = 'A' and t.typdelim = ',' and t.typname not in ('int2vector', 'oidvector') as "isArray",
    t.typndims as dimensions,
    array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as labels
  from used join pg_catalog.pg_type t on t.oid = used.oid`;

interface TableRow {
  oid: number;
  namespace: string;
  name: string;
  view: boolean;
  comment: string | null;
}

interface ColumnRow {
  table: number;
  name: string;
  type: number;
  notNull: boolean;
  dimensions: number;
  generated: boolean;
  comment: string | null;
}

interface KeyRow {
  table: number;
  index: string;
  primary: boolean;
  identity: boolean;
  columns: string[];
}

interface TypeRow {
  oid: number;
  name: string;
  kind: string;
  notNull: boolean;
  base: number;
  element: number;
  isArray: boolean;
  dimensions: number;
  labels: string[];
}

/**
 * The tables of a Postgres database, as its catalog describes them. Only the catalog is read, in a transaction that can
 * write nothing.
 *
 * @param url A connection string, as `psql` takes it.
 * @param schemas Names of schemas, as they are written in the database.
 * @throws CliError when the driver is missing, the database cannot be reached, or it has no such schema
 */
export async function readPostgres(
  root: string,
  url: string,
  schemas: readonly string[],
): Promise<SourceSchema> {
  const { client, close } = await connect(root, url);
  try {
    await client.query("begin transaction isolation level repeatable read, read only");
    await checkSchemas(client, schemas);
    const { rows: tables } = await client.query<TableRow>(TABLES, [schemas]);
    const oids = [tables.map(({ oid }) => oid)];
    const { rows: columns } = await client.query<ColumnRow>(COLUMNS, oids);
    const { rows: keys } = await client.query<KeyRow>(KEYS, oids);
    const used = [...new Set(columns.map(({ type }) => type))];
    const { rows: types } = await client.query<TypeRow>(TYPES, [used]);
    const reader = new TableReader(columns, keys, types);
    return { tables: tables.map((table) => reader.read(table)), namespaces: schemas };
  } finally {
    await close();
  }
}

async function checkSchemas(client: Client, schemas: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select nspname as name from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1",
  );
  const names = rows.map(({ name }) => name);
  const missing = schemas.find((schema) => !names.includes(schema));
  if (missing === undefined) return;
  throw new CliError(
    "UnknownTable",
    `The database has no schema "${missing}". It has ${names.join(", ")}; name one with --schema.`,
  );
}

class TableReader {
  readonly #columns: ReadonlyMap<number, ColumnRow[]>;
  readonly #keys: ReadonlyMap<number, KeyRow[]>;
  readonly #types: ReadonlyMap<number, TypeRow>;

  constructor(columns: readonly ColumnRow[], keys: readonly KeyRow[], types: readonly TypeRow[]) {
    this.#columns = byTable(columns);
    this.#keys = byTable(keys);
    this.#types = new Map(types.map((type) => [type.oid, type]));
  }

  read({ oid, namespace, name, view, comment }: TableRow): SourceTable {
    const columns = this.#columns.get(oid) ?? [];
    const [key] = this.#keys.get(oid) ?? [];
    const inKey = new Set(key?.columns);
    const generated = columns.filter((column) => column.generated && !inKey.has(column.name));
    const notes: string[] = [];
    if (key !== undefined && !key.primary)
      notes.push(`has no primary key; its unique index ${key.index} names rows`);
    if (generated.length > 0) {
      const names = generated.map((column) => column.name).join(", ");
      notes.push(`${names}: optional, because change data capture does not deliver generated columns`);
    }
    return {
      namespace,
      name,
      isView: view,
      comment,
      columns: columns.map((column) => this.#column(column)),
      primaryKey: key?.columns.map((column) => [column]) ?? null,
      version: null,
      notes,
    };
  }

  #column({ name, type, notNull, dimensions, generated, comment }: ColumnRow): SourceColumn {
    const row = this.#types.get(type)!;
    const described = this.#type(type);
    const { validator, alternatives } = columnTypeOf(
      described,
      row.kind === "d" ? row.dimensions : dimensions,
    );
    const nullable = !notNull && !forbidsNull(described) && validator.type !== "any";
    const isMoment = described.name === "date" || described.name === "timestamp";
    return { name, validator, nullable, optional: generated, comment, alternatives, isMoment };
  }

  #type(oid: number): PostgresType {
    const { name, kind, notNull, base, element, isArray, labels } = this.#types.get(oid)!;
    const inner = kind === "d" ? base : isArray ? element : 0;
    return { name, kind, notNull, isArray, labels, inner: inner === 0 ? null : this.#type(inner) };
  }
}

function byTable<Row extends { table: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.table);
    if (group === undefined) groups.set(row.table, [row]);
    else group.push(row);
  }
  return groups;
}
