import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./exit.js";
import { style } from "./style.js";

/** Home, and nothing below: a redraw from the top does not flicker as clearing first would. */
const [HOME, CLEAR_BELOW, CLEAR_LINE_END] = ["\u001B[H", "\u001B[J", "\u001B[K"];
const CLEAR_SCREEN = "\u001B[2J";

export interface WatchOptions {
  /** Where to show it. A terminal is redrawn each time; anything else gets one text after the other. */
  out: { isTTY?: boolean; write: (text: string) => unknown };
  intervalMs: number;
  /** Ends the watch. */
  signal: AbortSignal;
}

/**
 * Shows something again and again until the signal. What goes wrong at first is thrown; later it is shown, for a deployment
 * that is away for a moment comes back.
 */
export async function watch(
  show: () => Promise<string>,
  { out, intervalMs, signal }: WatchOptions,
): Promise<void> {
  const isTerminal = out.isTTY === true;
  let last: string | null = null;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    let text: string;
    try {
      text = await show();
      if (isTerminal && last === null) out.write(CLEAR_SCREEN);
      last = text;
    } catch (error) {
      if (last === null) throw error;
      // What was seen last stays in sight on a terminal; elsewhere it has been printed.
      text = [...(isTerminal ? [last] : []), style.red(messageOf(error))].join("\n");
    }
    if (isOver()) return;
    out.write(isTerminal ? drawn(text) : `${text}\n`);
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function drawn(text: string): string {
  return `${HOME}${text.replaceAll("\n", `${CLEAR_LINE_END}\n`)}${CLEAR_LINE_END}\n${CLEAR_BELOW}`;
}
