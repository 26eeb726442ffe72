import { jsonPlace } from "../../core/jsonPlace.js";
import { count, number } from "../../core/words.js";
import { differingBuckets, rowCount } from "../../core/proof/digest.js";
import { openAdmin } from "../deployment/admin.js";
import { V1Client } from "../api/client.js";
import { findDeployment, importApi, readVariables } from "../deployment/environment.js";
import { CliError, EXIT, usageError } from "../terminal/exit.js";
import type { CommonOptions } from "../deployment/options.js";
import { keyForPeople, print, table } from "../terminal/output.js";
import { readCopy, readCsv } from "../files/csv.js";
import { Mapping } from "../files/mapping.js";
import { readJson, readNdjson, type Rows } from "../files/rows.js";
import { openSource, readText } from "../files/source.js";
import { borrowToken, openedMirror } from "../deployment/token.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import { compileInfo, digestOf, type FileDigest, missingKeys } from "./local.js";
import { type Difference, differences, readDigest, walk } from "./remote.js";
import type { Io } from "../terminal/io.js";
import path from "node:path";

/** Keys that are named; a table that is missing altogether need not be printed. */
const MAX_NAMED = 1_000;

interface VerifyOptions extends CommonOptions {
  file?: string;
  digest?: string;
  format?: string;
  encoding?: string;
  null?: string[];
}

/** Proves or disproves that a mirror equals its source. Ends with 3 when it does not. */
export async function verify(io: Io, name: string, options: VerifyOptions): Promise<void> {
  if ((options.file === undefined) === (options.digest === undefined))
    throw usageError("Give one of --file and --digest.");
  const variables = readVariables(io);
  const deployment = findDeployment(options, variables);
  const { token, giveBack } = await borrowToken(io, deployment, [name], "read");
  try {
    const client = new V1Client({ url: await importApi(deployment, io.cwd), token });
    const mirror = await openedMirror(io, await client.mirrors(), name);
    const compiled =
      options.file === undefined ? null : compileInfo(mirror, variables("STREAMING_IMPORT_HASH_KEY"));
    const file = compiled === null ? null : await digestOf(await rowsOf(io, options, mirror), compiled);
    const theirs = file?.digest ?? readDigest(await readJsonFile(path.resolve(io.cwd, options.digest!)));
    const kept = readDigest(await client.digest(name));
    const buckets = differingBuckets(kept, theirs);
    let found: Difference[] = [];
    let all = buckets.length === 0;
    if (buckets.length > 0 && file !== null && compiled !== null && deployment.adminKey !== null) {
      const wanted = new Set(buckets);
      const walked = await walk(openAdmin(io, deployment), name, wanted);
      ({ found, all } = differences(name, walked, file, kept));
      if (!all && options.file !== "-") {
        const keys = await missingKeys(
          await rowsOf(io, options, mirror),
          compiled,
          wanted,
          walked.keys,
          MAX_NAMED,
        );
        const named = new Set(found.map(({ key }) => key));
        found.push(
          ...keys.filter((key) => !named.has(key)).map((key) => ({ kind: "only in the file" as const, key })),
        );
      }
    }
    const result = {
      mirror: name,
      equal: buckets.length === 0,
      rows: { mirror: rowCount(kept), source: rowCount(theirs) },
      differingBuckets: buckets,
      differences: found,
      all,
      unfit: file?.unfit ?? null,
    };
    const isWalked = deployment.adminKey !== null;
    print(io, options.json, result, () => describe(result, mirror, file, isWalked));
    if (!result.equal) io.exitCode = EXIT.differs;
  } finally {
    await giveBack().catch(() => undefined);
  }
}

interface Result {
  equal: boolean;
  rows: { mirror: number; source: number };
  differingBuckets: number[];
  differences: Difference[];
  all: boolean;
}

function describe(result: Result, mirror: MirrorInfo, file: FileDigest | null, isWalked: boolean): string {
  const { rows, differingBuckets: buckets, differences: found, all } = result;
  const lines: string[] = [];
  if (result.equal) {
    lines.push(
      `Equal: the import has brought exactly the ${count(rows.source, "row")} of the source into the mirror "${mirror.name}".`,
      `Rows that something else has written or deleted are not seen here. \`streaming-import audit ${mirror.name}\` finds them.`,
    );
  } else {
    lines.push(
      `Different: the mirror "${mirror.name}" holds ${count(rows.mirror, "row")}, the source ${number(rows.source)}; they differ in ${String(buckets.length)} of 64 buckets: ${buckets.join(", ")}.`,
    );
    if (found.length > 0)
      lines.push(
        table(
          ["row", "key"],
          found.map(({ kind, key }) => [
            kind,
            key === null ? "(too long to show)" : keyForPeople(key, mirror.primaryKey ?? []),
          ]),
        ),
      );
    if (file !== null && !isWalked)
      lines.push("With the deployment's key (CONVEX_DEPLOY_KEY, …), the differing rows are listed too.");
    else if (file !== null && !all) lines.push("There are more differences than can be listed.");
  }
  // A walk would have found it.
  if (!result.equal && (file === null || !isWalked))
    lines.push(
      `If rows of the mirror were written or deleted past the importer, even before a refresh, the digest is not that of its rows: \`streaming-import audit ${mirror.name}\` tells, and --repair corrects it.`,
    );
  if (file !== null && file.unfit.count > 0) {
    lines.push(
      `${count(file.unfit.count, "row")} of the file cannot be stored and would go into quarantine:`,
      ...file.unfit.reasons.map((reason) => `  ${reason}`),
    );
  }
  if (!result.equal && mirror.filtered === true)
    lines.push("The mirror filters its rows: the file must contain only rows that belong to it.");
  if (!result.equal && mirror.onDelete === "soft")
    lines.push(
      "The mirror keeps deleted rows and marks them: they count as rows that the source does not have.",
    );
  return lines.join("\n");
}

async function rowsOf(io: Io, options: VerifyOptions, mirror: MirrorInfo): Promise<Rows> {
  const source = await openSource(io, options.file!, options);
  if (source.format === "ndjson") return readNdjson(source.bytes);
  if (source.format === "json") return readJson(source.bytes);
  const csv = { delimiter: source.delimiter, header: null, nulls: options.null ?? null };
  if (source.format === "copy") return readCopy(source.bytes, csv, mirror, new Mapping([], [], []));
  return readCsv(source.bytes, csv, mirror, new Mapping([], [], []));
}

async function readJsonFile(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CliError("InvalidDigest", `${path} is not valid JSON: ${jsonPlace(text)}.`, { cause: error });
  }
}
