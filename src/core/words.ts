import type { MirrorState, ReaderState } from "./wire/validators.js";

/** Numbers, counts and states in messages: the same in the component, the command and the browser. */

/** The states of a mirror, in words. JSON and the dashboard have their names. */
export const STATE_WORDS: Readonly<Record<MirrorState, string>> = {
  waiting: "waiting",
  snapshotting: "loading",
  upToDate: "up to date",
  rowsWaiting: "rows waiting",
  sweepHeld: "sweep held",
  late: "late",
  stale: "stale",
  paused: "paused",
  failed: "failed",
  removed: "removed",
};

/** Where a reader of the export is, in words. */
export const READER_WORDS: Readonly<Record<ReaderState, string>> = {
  snapshotting: "reading the rows",
  snapshotRead: "has the rows",
  reading: "reading changes",
  upToDate: "up to date",
};

/** What becomes of rows that an audit's repair has requested. */
export const RESENDING =
  "Rows that an audit found wrong stay wrong until the source sends them again: push its file again, or start a sync (of Airbyte's stock connector, a full refresh).";

/** What an audit's repair did, and what is left to do. */
export function repairWords(
  { askedAgain, removed, left }: Record<"askedAgain" | "removed" | "left", number>,
  all: boolean,
): string {
  const sentences = [
    ...(askedAgain > 0 ? [`${count(askedAgain, "row")} requested from the source. ${RESENDING}`] : []),
    ...(all
      ? []
      : ["More rows differ than can be named: refresh the mirror from its source, unless you just did."]),
    ...(removed > 0 ? [`${count(removed, "row")} that the importer never wrote deleted.`] : []),
    ...(left > 0
      ? [`${count(left, "row")} that the importer never wrote left; --remove-added deletes such rows.`]
      : []),
  ];
  const done = askedAgain === 0 && all;
  return [
    done ? "Repaired." : "Not repaired yet.",
    ...sentences,
    ...(done ? [] : ["Then audit again."]),
  ].join(" ");
}

/** "Up to date": words at the beginning of a line. */
export function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "12,000". Without `Intl`, so that every runtime and every locale says the same. */
export function number(value: number): string {
  const [whole = "", fraction] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** "1 row", "12,000 rows". */
export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}
