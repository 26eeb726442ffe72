import { setTimeout as sleep } from "node:timers/promises";
import { CliError, EXIT } from "../terminal/exit.js";
import type { CommonOptions } from "../deployment/options.js";
import { print, table } from "../terminal/output.js";
import { openSession } from "../deployment/session.js";
import type { AuditReport } from "../../core/wire/types.js";

/** How often the report of a walk is looked at, in milliseconds. */
const POLL_MS = 500;

interface AuditOptions extends CommonOptions {
  last?: boolean;
  repair?: boolean;
  removeAdded?: boolean;
}

/** Looks for rows that were written past the importer; ends with 3 when there are some. */
export async function audit(mirror: string, options: AuditOptions): Promise<void> {
  const { admin } = openSession(options);
  if (options.last !== true) await admin.call("audit", { mirror });
  let report = await admin.call<AuditReport | null>("auditReport", { mirror });
  while (report?.state === "walking" && options.last !== true) {
    await sleep(POLL_MS);
    report = await admin.call<AuditReport | null>("auditReport", { mirror });
  }
  if (report === null) throw new CliError(`The mirror "${mirror}" was never audited.`);
  const found = report;
  const repaired =
    options.repair === true && found.state === "differs"
      ? await admin.call<unknown>("repair", { mirror, removeAdded: options.removeAdded === true })
      : null;
  print(options.json, { ...found, repaired }, () => {
    const findings = found.findings.map(({ kind, key }) => [kind, key]);
    const lines = [`${found.state}: ${found.reason} ${found.rows.toLocaleString("en")} rows.`];
    if (findings.length > 0) lines.push(table(["finding", "key"], findings));
    if (!found.all) lines.push(`There is more, in the buckets ${found.differingBuckets.join(", ")} of 64.`);
    if (repaired !== null) lines.push(`Repaired: ${JSON.stringify(repaired)}`);
    return lines.join("\n");
  });
  if (found.state === "differs") process.exitCode = EXIT.differs;
  else if (found.state !== "equal") process.exitCode = EXIT.failure;
}
