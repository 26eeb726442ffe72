-- Twelve tables with what real databases have: common types, composite keys, enums, arrays, domains, comments, odd names.

create type ticket_status as enum ('open', 'in progress', 'won''t fix', '"quoted"');
create domain email_address as text check (value like '%@%');
create domain positive as integer not null check (value > 0);
create domain tag_list as text[];
create type dimensions as (width numeric, height numeric);

-- 1. Numbers, to the last digit.
create table numbers (
  id bigint primary key,
  small smallint not null,
  whole integer,
  big bigint,
  exact numeric,
  price numeric(12, 2) not null,
  single real,
  double double precision,
  paid boolean not null,
  cash money,
  reference oid
);
insert into numbers values
  (9007199254740993, -32768, 2147483647, -9223372036854775808,
   123456789012345678901234567890.123456789, 1.10, 0.1, 'NaN', true, '$1,234.50', 4294967295);

-- 2. Text and its relatives.
create table texts (
  id uuid primary key default gen_random_uuid(),
  code char(5) not null,
  name varchar(80) not null,
  body text,
  letter "char",
  markup xml,
  search tsvector,
  bits bit varying(12),
  blob bytea not null
);
comment on table texts is 'Texts of all kinds.
They end a comment: */ and go on.';
comment on column texts.code is 'Five characters, padded with blanks.';
comment on column texts.body is E'What people wrote, which may be long, and so may the comment that says so: it goes on and on until it fills more than one line.\n\nIt has "quotes", \\ and ${dollars}.';
insert into texts values
  ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ab', '', E'a "b"\n\\N,\tc ''d'' 🙂', 'x',
   '<a b="c">d</a>', 'a fat cat', '101', '\x00ff5c7e');

-- 3. Days, hours and moments.
create table moments (
  id integer primary key,
  day date not null,
  opens time,
  opens_there timetz,
  local_time timestamp,
  updated_at timestamptz not null,
  lasts interval
);
insert into moments values
  (1, '2026-02-28', '08:30:00.5', '08:30:00+02', '2026-02-28 08:30:00.123456',
   '2026-02-28 08:30:00.123456+02', '1 year 2 mons 3 days 04:05:06.7');

-- 4. Documents.
create table documents (
  id integer primary key,
  plain json,
  binary_json jsonb not null,
  empty jsonb
);
insert into documents values
  (1, '{"b": [1, 2.5, {"c": null}], "a": "text"}', '{"big": 9007199254740993, "list": [true, "x"]}', null);

-- 5. A composite key, most significant first, in another order than the columns.
create table order_lines (
  line smallint not null,
  note text,
  tenant text not null,
  order_id bigint not null,
  primary key (tenant, order_id, line)
);
insert into order_lines values (2, null, 'acme', 9007199254740995);

-- 6. Enums.
create table tickets (
  id integer generated always as identity primary key,
  status ticket_status not null,
  earlier ticket_status,
  history ticket_status[] not null
);
insert into tickets (status, earlier, history) values ('won''t fix', null, '{open,"in progress","\"quoted\""}');

-- 7. Arrays.
create table readings (
  sensor text primary key,
  counts integer[] not null,
  totals bigint[],
  amounts numeric(30, 20)[],
  names text[] not null,
  grid double precision[][] not null,
  taken_at timestamptz[] not null,
  raw bytea[]
);
insert into readings values
  ('a', '{1,2,3}', '{9007199254740993,-1}', '{0.12345678901234567891}', '{"a,b","c \"d\"","",NULL_}',
   '{{1.5,2},{3,4}}', '{2026-01-01 00:00:00+00,2026-01-01 00:00:00.000001+00}', '{"\\x00ff","\\x"}');

-- 8. Domains and composite types.
create table contacts (
  id positive primary key,
  email email_address not null,
  second_email email_address,
  rank positive,
  tags tag_list,
  box dimensions
);
insert into contacts values (7, 'ada@example.com', null, 3, '{x,y}', '(1.50,2)');

-- 9. Ranges, networks and geometry: what Postgres prints.
create table places (
  id integer primary key,
  address inet,
  net cidr,
  mac macaddr,
  spot point,
  area box,
  reserved tstzrange,
  seats int4range not null
);
insert into places values
  (1, '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-2)', '((1,2),(0,0))',
   '[2026-01-01 00:00:00+00,2026-01-02 00:00:00+00)', '[1,5)');

-- 10. Odd names.
create table "Order Items" (
  "_id" integer primary key,
  "Unit Price" numeric(10, 2) not null,
  "naïve" boolean not null,
  "class" text not null,
  "constructor" text not null,
  "mirrorKey" text not null,
  "$cost" text,
  "_cost" text,
  "2nd" integer not null,
  "quote""d" text not null,
  "back\slash" text not null
);
insert into "Order Items" values
  (1, 9.90, true, 'c', 'd', 'k', 'dollar', 'underscore', 2, 'q', 'b');

-- 11. A partitioned table, whose partitions are part of it, with a generated column.
create table events (
  id bigint not null,
  at timestamptz not null,
  celsius double precision not null,
  fahrenheit double precision generated always as (celsius * 9 / 5 + 32) stored,
  primary key (id, at)
) partition by range (at);
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
insert into events (id, at, celsius) values (1, '2026-06-01 12:00:00+00', 21.5);

-- 12. No primary key: a unique index does.
create table settings (
  scope text not null,
  name text not null,
  value text,
  unique (scope, name)
);
insert into settings values ('app', 'theme', 'dark');

-- Beside them: what is no table of its own, and what is asked for by name.
create view open_tickets as select id, status from tickets where status = 'open';
create schema audit;
create table audit.log (at timestamptz not null, what text not null);
create table audit.settings (scope text primary key);
