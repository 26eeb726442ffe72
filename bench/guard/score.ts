/** Compares what the guard says with what a reader said: labels made without it. */
import type { Site, Verdict } from "./verdicts.js";

/** A place that changes, or seems to change, rows, and every table that it can write. */
export interface Label {
  readonly file: string;
  /** The line of the method's name. */
  readonly line: number;
  readonly method: string;
  /** None for a lookalike, such as `Map.delete`. */
  readonly tables: readonly string[];
}

export interface Score {
  readonly preset: string;
  /** Labelled places that can write a mirror, and those of them that are reported. */
  readonly writes: number;
  readonly found: number;
  /** Labelled places that cannot, and those of them that are reported. */
  readonly harmless: number;
  readonly falseAlarms: number;
  /** Of the harmless places, those where strict only asks for the table's name (mended by `--fix`). */
  readonly unnamed: number;
  /** Reports of the strict preset that the writer leaves the type checker, wherever. */
  readonly escapes: number;
  readonly missed: readonly string[];
  readonly falsely: readonly string[];
}

/** Asks to write the name down, and claims nothing about a mirror. */
const ASKS_FOR_NAME = "explicit-write-table";
const ESCAPE = "no-writer-escape";

export function scoreOf(
  preset: string,
  labels: readonly Label[],
  mirrors: readonly string[],
  findings: readonly Verdict[],
): Score {
  const reported = findings.filter((one) => one.presets.includes(preset));
  const claims = reported.filter(({ rule }) => rule !== ASKS_FOR_NAME && rule !== ESCAPE);
  const at = (label: Label, among: readonly Verdict[]): Verdict | undefined =>
    among.find((one) => one.file === label.file && says(one, label) && lineOf(one, labels) === label.line);
  const isWrite = ({ tables }: Label): boolean => tables.some((table) => mirrors.includes(table));
  const writes = labels.filter(isWrite);
  const harmless = labels.filter((label) => !isWrite(label));
  const missed = writes.filter((label) => at(label, reported) === undefined);
  const falsely = harmless.filter((label) => at(label, claims) !== undefined);
  const unnamed = reported.filter(({ rule }) => rule === ASKS_FOR_NAME);
  return {
    preset,
    writes: writes.length,
    found: writes.length - missed.length,
    harmless: harmless.length,
    falseAlarms: falsely.length,
    unnamed: harmless.filter((label) => at(label, unnamed) !== undefined).length,
    escapes: reported.filter(({ rule }) => rule === ESCAPE).length,
    missed: missed.map(textOf),
    falsely: falsely.map(textOf),
  };
}

/** Whether guard and reader name the same tables. Where they do, it does not matter which tables are mirrors. */
export interface Attribution {
  readonly same: number;
  /** Places of which the guard says that it does not know. */
  readonly unknown: number;
  readonly differ: readonly string[];
}

/** The farthest that the name of a method stands below the start of its call, in lines. */
const CHAIN = 6;

export function attributionOf(labels: readonly Label[], sites: readonly Site[]): Attribution {
  let same = 0;
  let unknown = 0;
  const differ: string[] = [];
  for (const label of labels.filter(({ tables }) => tables.some((table) => !table.startsWith("_")))) {
    const [site] = sites
      .filter(({ file, method }) => file === label.file && method === label.method)
      .filter(({ line }) => line <= label.line && label.line - line <= CHAIN)
      .sort((one, other) => other.line - one.line);
    const tables = site?.tables ?? [];
    if (site?.tables === null) unknown += 1;
    else if (tables.length === label.tables.length && tables.every((table) => label.tables.includes(table)))
      same += 1;
    else differ.push(textOf(label));
  }
  return { same, unknown, differ };
}

/** The line of the place that a report is about: the first in its range; the others stand in its arguments. */
function lineOf(finding: Verdict, labels: readonly Label[]): number | undefined {
  const lines = labels
    .filter((label) => label.file === finding.file && says(finding, label))
    .map(({ line }) => line)
    .filter((line) => finding.line <= line && line <= finding.endLine);
  return lines.length === 0 ? undefined : Math.min(...lines);
}

/** A report around a whole function is not about every call in it. */
function says({ message }: Verdict, { method }: Label): boolean {
  return message.includes(`\`${method}\``) || !/^`(?:insert|patch|replace|delete)`/.test(message);
}

function textOf({ file, line, method, tables }: Label): string {
  return `${file}:${String(line)} ${method} ${tables.join("|")}`;
}
