import type { Meter } from "./meter.js";

/** A mirror as the component's `registry:list` describes it; the part that counts. */
export interface MirrorStatus {
  name: string;
  state: string;
  reason: string;
  rows: number;
  removed: number;
  total: {
    received: number;
    inserted: number;
    updated: number;
    unchanged: number;
    deleted: number;
    stale: number;
    ignored: number;
    quarantined: number;
  };
}

/** What the source says should have arrived. */
export interface Expected {
  sent: Record<string, number>;
  rows: Record<string, number>;
}

export interface Report {
  mirrors: Record<string, ReturnType<typeof countsOf>>;
  seconds: number;
  rowsPerSecond: number;
  /** Rows per second in the first and the last tenth of the largest stream: apart, an import slows as mirrors grow. */
  firstTenth: number;
  lastTenth: number;
  ok: boolean;
}

/** Puts the result together and says what is wrong with it, if anything. */
export function makeReport(
  statuses: readonly MirrorStatus[],
  expected: Expected,
  whole: Meter,
  largest: Meter,
): { report: Report; problems: string[] } {
  const used = statuses.filter(({ name }) => (expected.sent[name] ?? 0) > 0);
  const problems = [
    ...Object.keys(expected.sent)
      .filter((name) => expected.sent[name]! > 0 && !used.some((mirror) => mirror.name === name))
      .map((name) => `${name}: not in the registry`),
    ...used.flatMap((mirror) => problemsOf(mirror, expected.sent[mirror.name]!, expected.rows[mirror.name]!)),
  ];
  return {
    report: {
      mirrors: Object.fromEntries(used.map((mirror) => [mirror.name, countsOf(mirror)])),
      seconds: Number(whole.seconds.toFixed(2)),
      rowsPerSecond: Math.round(whole.rate()),
      firstTenth: Math.round(largest.rate(0, 0.1)),
      lastTenth: Math.round(largest.rate(0.9, 1)),
      ok: problems.length === 0,
    },
    problems,
  };
}

/** In the order in which a person reads them; the deployment sends names sorted. */
function countsOf({ rows, removed, total }: MirrorStatus) {
  const { received, inserted, updated, unchanged, deleted, stale, ignored, quarantined } = total;
  return { received, inserted, updated, unchanged, deleted, stale, ignored, quarantined, removed, rows };
}

function problemsOf(
  { name, state, reason, rows, removed, total }: MirrorStatus,
  sent: number,
  wanted: number,
): string[] {
  const { received, inserted, updated, unchanged, deleted, stale, ignored, quarantined } = total;
  const accounted = inserted + updated + unchanged + deleted + stale + ignored + quarantined;
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(`${name}: ${problem}`);
  };
  check(state !== "failed", `the mirror has failed: ${reason}`);
  check(received === sent, `${String(sent)} changes were sent, ${String(received)} received`);
  check(received === accounted, `${String(received)} changes received, ${String(accounted)} accounted for`);
  const balance = inserted - deleted - removed;
  check(rows === balance, `${String(rows)} rows, but inserted - deleted - removed is ${String(balance)}`);
  check(rows === wanted, `${String(rows)} rows, but the source has ${String(wanted)}`);
  return problems;
}

/** The same for people. */
export function summaryOf({ mirrors, rowsPerSecond, ok }: Report): string {
  const lines = Object.entries(mirrors).map(([name, { received, removed, rows, ...outcomes }]) => {
    const parts = Object.entries(outcomes)
      .filter(([, changes]) => changes > 0)
      .map(([outcome, changes]) => `${number(changes)} ${outcome}`);
    const swept = removed > 0 ? `, ${number(removed)} removed by refreshes` : "";
    return `  ${name.padEnd(13)}${number(rows).padStart(9)} rows   ${number(received)} changes = ${parts.join(" + ")}${swept}`;
  });
  return `
${lines.join("\n")}
  ${number(rowsPerSecond)} rows/s in the first sync. ${ok ? "Everything adds up." : "It does not add up."}

`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
