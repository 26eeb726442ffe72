import { CliError, EXIT, usageError } from "../terminal/exit.js";
import { type Admin, openSession } from "../deployment/admin.js";
import type { CommonOptions } from "../deployment/options.js";
import { ago, keyForPeople, print, table } from "../terminal/output.js";
import { count } from "../../core/words.js";
import type { Replayed } from "../../client/importing/replay.js";
import type { MirrorStatus, QuarantineEntry } from "../../core/wire/views.js";
import type { Io } from "../terminal/io.js";
import { ask } from "../terminal/ask.js";
import { unknownMirror } from "../deployment/token.js";

/** @throws CliError for a name that no mirror has */
export async function knownMirror(admin: Admin, mirror: string): Promise<MirrorStatus> {
  const list = async () => admin.component<MirrorStatus[]>("registry:list");
  const named = ({ name }: MirrorStatus) => name === mirror;
  const known = (await list()).find(named);
  if (known !== undefined) return known;
  // The registry knows the mirrors of a schema that has just been deployed only after this.
  await admin.call("declare");
  const all = await list();
  const found = all.find(named);
  if (found !== undefined) return found;
  throw await unknownMirror(
    admin.place,
    mirror,
    all.map(({ name }) => name),
  );
}

/** What an operator does something to a mirror with. @throws CliError for a name that no mirror has */
export async function adminOf(io: Io, mirror: string, options: CommonOptions): Promise<Admin> {
  const { admin } = openSession(io, options);
  await knownMirror(admin, mirror);
  return admin;
}

/** The fields of a mirror's key. @throws CliError for a name that no mirror has */
export async function keyFields(admin: Admin, mirror: string): Promise<string[]> {
  return (await knownMirror(admin, mirror)).primaryKey.split(", ");
}

/** The entries of a mirror, oldest first, up to a number. */
async function entries(admin: Admin, mirror: string, limit: number): Promise<QuarantineEntry[]> {
  const all: QuarantineEntry[] = [];
  for (;;) {
    const after = all.at(-1)?.cursor;
    const page = await admin.component<QuarantineEntry[]>("quarantine:list", {
      mirror,
      ...(after !== undefined && { after }),
    });
    all.push(...page);
    if (page.length === 0 || all.length >= limit) return all.slice(0, limit);
  }
}

export async function list(
  io: Io,
  mirror: string,
  options: CommonOptions & { limit: string },
): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw usageError("--limit is a whole number from 1.");
  const { admin } = openSession(io, options);
  const fields = await keyFields(admin, mirror);
  const found = await entries(admin, mirror, limit);
  print(io, options.json, found, () => {
    if (found.length === 0) return `Nothing of "${mirror}" waits in quarantine.`;
    const rows = found.map(({ id, code, key, op, receivedAt, message }) => [
      id,
      keyForPeople(key, fields),
      op,
      ago(receivedAt),
      `${code}: ${message}`,
    ]);
    return table(["id", "key", "op", "received", "reason"], rows, io.stdout.columns);
  });
}

export async function show(io: Io, mirror: string, id: string, options: CommonOptions): Promise<void> {
  const { admin } = openSession(io, options);
  const found = (await entries(admin, mirror, Infinity)).find((entry) => entry.id === id);
  const fields = await keyFields(admin, mirror);
  if (found === undefined)
    throw new CliError("UnknownEntry", `Nothing of "${mirror}" with the id ${id} waits in quarantine.`);
  print(io, options.json, found, () =>
    [
      `${found.op} of ${found.key === null ? "an unknown key" : keyForPeople(found.key, fields)}, received ${found.receivedAt}`,
      `${found.code}: ${found.message}`,
      found.whole ? pretty(found.payload) : `${found.payload}… (only its beginning was kept)`,
    ].join("\n"),
  );
}

/** The payload by lines, its numbers as they are. */
function pretty(payload: string): string {
  try {
    // JSON.parse would round large numbers; then the text itself is shown.
    const text = JSON.stringify(JSON.parse(payload), null, 2);
    return text.replace(/\s/g, "") === payload.replace(/\s/g, "") ? text : payload;
  } catch {
    return payload;
  }
}

export async function replay(io: Io, mirror: string, options: CommonOptions): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  const result = await admin.call<Replayed>("replayQuarantine", { mirror });
  const { applied, counts, waiting } = result;
  print(io, options.json, result, () => {
    if (applied === 0 && waiting === 0) return `Nothing of "${mirror}" waits in quarantine.`;
    const became = Object.entries(counts).filter(([name, count]) => name !== "received" && count > 0);
    const how = became.map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
    const done = `${count(applied, "change")} left the quarantine${how === "" ? "" : ` (${how})`}.`;
    return waiting === 0
      ? done
      : `${done} ${count(waiting, "change")} must wait: see \`quarantine list ${mirror}\`.`;
  });
  if (waiting > 0) io.exitCode = EXIT.differs;
}

export async function discard(
  io: Io,
  mirror: string,
  ids: string[],
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  if (ids.length === 0) await agreed(io, options, `Discard all quarantined rows of "${mirror}"?`);
  let gone = 0;
  for (;;) {
    const args = { mirror, ...(ids.length > 0 && { ids }) };
    const page = await admin.component<number>("quarantine:discard", args);
    gone += page;
    if (page === 0) break;
  }
  if (ids.length > 0 && gone === 0)
    throw new CliError(
      "UnknownEntry",
      `Nothing of "${mirror}" with the id ${ids.join(", ")} waits in quarantine.`,
    );
  print(io, options.json, { discarded: gone }, () => `${count(gone, "change")} discarded.`);
}

/** @throws CliError when the answer is no, or there is nobody to ask. */
export async function agreed(
  io: Io,
  { yes, json }: { yes?: boolean; json?: boolean },
  question: string,
): Promise<void> {
  if (yes === true) return;
  const nobody = new CliError("NotConfirmed", `${question} Add --yes to confirm.`);
  await ask(io, question, { json: json === true, nobody, declined: "Nothing was done." });
}
