import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./exit.js";
import { say, visible, type Written } from "./output.js";
import { style } from "./style.js";

/** Home, and nothing below: a redraw from the top does not flicker as clearing first would. */
const [HOME, CLEAR_BELOW, CLEAR_LINE_END] = ["\u001B[H", "\u001B[J", "\u001B[K"];
const CLEAR_SCREEN = "\u001B[2J";

export interface WatchOptions {
  out: Written;
  /** A terminal is drawn over each time; anything else gets one text after the other. */
  redraws: boolean;
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
  { out, redraws, intervalMs, signal }: WatchOptions,
): Promise<void> {
  let last: string | null = null;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    let text: string;
    try {
      text = await show();
      if (redraws && last === null) out.write(CLEAR_SCREEN);
      last = text;
    } catch (error) {
      if (last === null) throw error;
      // What was seen last stays in sight on a terminal; elsewhere it has been printed.
      text = [...(redraws ? [last] : []), style.red(messageOf(error))].join("\n");
    }
    if (isOver()) return;
    if (redraws) out.write(drawn(visible(text)));
    else say(out, text);
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function drawn(text: string): string {
  return `${HOME}${text.replaceAll("\n", `${CLEAR_LINE_END}\n`)}${CLEAR_LINE_END}\n${CLEAR_BELOW}`;
}
