import type { MirrorStatus } from "../core/wire/views.js";
import { capitalised, count, STATE_WORDS } from "../core/words.js";

/** The colour of a state. The label says the same, so that colour is never the only sign. */
export type Tone = "good" | "busy" | "idle" | "warn" | "bad";

/** The colour of each state. */
export const TONES: Readonly<Record<MirrorStatus["state"], Tone>> = {
  waiting: "idle",
  snapshotting: "busy",
  upToDate: "good",
  rowsWaiting: "warn",
  sweepHeld: "warn",
  late: "warn",
  stale: "bad",
  paused: "idle",
  failed: "bad",
  removed: "idle",
};

/** The label and colour of a mirror: "8 rows waiting". */
export function shownState({ state, quarantined }: Standing): { label: string; tone: Tone } {
  const label =
    state === "rowsWaiting" ? `${count(quarantined, "row")} waiting` : capitalised(STATE_WORDS[state]);
  return { label, tone: TONES[state] };
}

type Standing = Pick<MirrorStatus, "state" | "quarantined">;

/** Whether somebody should look at a mirror: its state is a problem, or changes are in quarantine. */
function needsAttention({ state, quarantined }: Standing): boolean {
  const tone = TONES[state];
  return tone === "bad" || tone === "warn" || quarantined > 0;
}

/** How many mirrors there are of each kind, worst first: "2 need attention, 1 loading, 28 healthy". */
export function overviewOf(mirrors: readonly Standing[]): { tone: Tone; words: string }[] {
  const calm = mirrors.filter((mirror) => !needsAttention(mirror));
  const amount = (tone: Tone) => calm.filter(({ state }) => TONES[state] === tone).length;
  const attention = mirrors.length - calm.length;
  const parts: [Tone, number, string][] = [
    ["bad", attention, attention === 1 ? "needs attention" : "need attention"],
    ["busy", amount("busy"), "loading"],
    ["good", amount("good"), "healthy"],
    ["idle", amount("idle"), "idle"],
  ];
  return parts.flatMap(([tone, n, words]) => (n === 0 ? [] : { tone, words: `${String(n)} ${words}` }));
}

/** What needs attention first, then what is loading, then the others; in their order otherwise. */
export function byUrgency<Mirror extends Standing>(mirrors: readonly Mirror[]): Mirror[] {
  const rank = (mirror: Mirror) =>
    needsAttention(mirror) ? (TONES[mirror.state] === "bad" ? 0 : 1) : TONES[mirror.state] === "busy" ? 2 : 3;
  return [...mirrors].sort((a, b) => rank(a) - rank(b));
}

/** The progress of a load or a refresh. */
export interface Progress {
  received: number;
  /** From 0 to 1, estimated from the rows of the mirror. Null for a first load: the size of the source is unknown. */
  share: number | null;
  phase: "receiving" | "sweeping";
}

/** The largest share of a refresh that is not finished. */
const MOST = 0.99;

/** The progress of a mirror's load or refresh; null when none is running. */
export function progressOf({
  state,
  run,
  rows,
  total,
}: Pick<MirrorStatus, "state" | "run" | "rows" | "total">): Progress | null {
  if (run === null || run.state === "held") return null;
  const { received, generation } = run;
  if (run.state === "sweeping") return { received, share: 1, phase: "sweeping" };
  if (generation === null && state !== "snapshotting") return null;
  const isFirst = generation === null || rows === 0 || total.received === received;
  return { received, share: isFirst ? null : Math.min(MOST, received / rows), phase: "receiving" };
}
