import type { Output } from "./io.js";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** A command that has said nothing for so long shows that it is at work, in milliseconds. */
const PATIENCE_MS = 1_000;
const FRAME_MS = 120;

/**
 * Turns on a terminal while a command says nothing, and leaves no trace.
 *
 * It watches what is written: it begins only behind a line that has ended, so that it never touches a progress bar, and
 * is cleared before anything else is written.
 *
 * @param shown Where it turns, and what it watches.
 * @param isAsking Whether a person is being asked something.
 * @returns the function that ends it
 */
export function startSpinner(shown: Output, others: readonly Output[], isAsking: () => boolean): () => void {
  const write = shown.write.bind(shown) as (text: string) => boolean;
  let quietSince = Date.now();
  let isAtLineStart = true;
  let frame = 0;
  const clear = () => {
    if (frame > 0) write("\r\u001B[K");
    frame = 0;
  };
  const restore = [shown, ...others].map((out) => {
    const original = out.write.bind(out);
    out.write = ((...args: Parameters<typeof original>) => {
      clear();
      quietSince = Date.now();
      isAtLineStart = String(args[0]).endsWith("\n");
      return original(...args);
    }) as typeof original;
    return () => (out.write = original);
  });
  const timer = setInterval(() => {
    if (!isAtLineStart || isAsking()) return;
    const waitedMs = Date.now() - quietSince;
    if (waitedMs < PATIENCE_MS) return;
    write(`\r${FRAMES[frame++ % FRAMES.length]!} ${(waitedMs / 1000).toFixed(0)} s\u001B[K`);
  }, FRAME_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    clear();
    for (const put of restore) put();
  };
}
