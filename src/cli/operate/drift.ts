import type { CommonOptions } from "../deployment/options.js";
import { ago, print, table } from "../terminal/output.js";
import { count } from "../../core/words.js";
import { driftSnippet, unsettled, type DriftEntry } from "../../schema/driftSnippet.js";
import type { Io } from "../terminal/io.js";
import { ApiError } from "../api/apiError.js";
import { V1Client } from "../api/client.js";
import { ONE_ATTEMPT } from "../api/retry.js";
import { openSession } from "../deployment/admin.js";
import { type Deployment, importApi } from "../deployment/environment.js";
import { borrowToken } from "../deployment/token.js";
import { CliError } from "../terminal/exit.js";
import { knownMirror } from "./quarantine.js";

/** How the kinds of drift read in a table. */
const KINDS: Record<string, string> = {
  unknownField: "not declared",
  coerced: "converted",
  discardedValue: "left out",
  missingField: "missing",
};

/** Shows what a source sends and the schema does not expect, with the lines that declare it. */
export async function drift(
  io: Io,
  mirror: string,
  options: CommonOptions & { forget?: boolean },
): Promise<void> {
  const { deployment, admin } = openSession(io, options);
  const { quarantined } = await knownMirror(admin, mirror);
  const onRecord = await admin.component<(DriftEntry & { lastSeenAt: string })[]>("write/drift:list", {
    mirror,
  });
  const entries = onRecord.length === 0 ? [] : await withoutSettled(io, deployment, mirror, onRecord);
  const snippet = driftSnippet(entries);
  if (options.forget === true) await admin.component("write/drift:forget", { mirror });
  print(io, options.json, { entries, snippet }, () => {
    if (options.forget === true && onRecord.length > 0)
      return `${count(onRecord.length, "difference")} of "${mirror}" forgotten.`;
    const waiting =
      quarantined === 0
        ? []
        : [
            `${count(quarantined, "row")} ${quarantined === 1 ? "waits" : "wait"} in quarantine because ${quarantined === 1 ? "it does" : "they do"} not fit the schema: streaming-import quarantine list ${mirror}`,
          ];
    if (entries.length === 0)
      return waiting.length > 0
        ? `The source of "${mirror}" sends no other fields than the schema declares.\n${waiting[0]!}`
        : `The source of "${mirror}" matches the schema.`;
    const rows = entries.map(({ field, kind, from, times, lastSeenAt }) => [
      field,
      KINDS[kind] ?? kind,
      from,
      times,
      ago(lastSeenAt),
    ]);
    return [
      table(["field", "difference", "sent as", "times", "last"], rows, io.stdout.columns),
      "",
      `Add to the fields of "${mirror}" in convex/schema.ts, then deploy:`,
      "",
      snippet,
      ...(waiting.length > 0 ? ["", ...waiting] : []),
    ].join("\n");
  });
}

/** Without the columns that the deployed schema declares since; all of them where it cannot be asked. */
async function withoutSettled<Entry extends DriftEntry>(
  io: Io,
  deployment: Deployment,
  mirror: string,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  const { token, giveBack } = await borrowToken(io, { ...deployment, token: null }, [mirror], "read");
  try {
    const url = await importApi(deployment, io.cwd);
    const mirrors = await new V1Client({ url, token, retry: ONE_ATTEMPT }).mirrors();
    const { fields, columns = {} } = mirrors.find(({ name }) => name === mirror) ?? {};
    return fields === undefined ? entries : unsettled(entries, { fields, columns });
  } catch (error) {
    if (error instanceof ApiError || error instanceof CliError) return entries;
    throw error;
  } finally {
    await giveBack().catch(() => undefined);
  }
}
