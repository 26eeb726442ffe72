/** The parent when this process starts. A program that reads the first line of output may end this one at once. */
const parent = process.ppid;

/** How often a process looks whether the one that started it is there, in milliseconds. */
const LOOK_MS = 250;

/**
 * Calls back when the process that started this one has ended. npm sends a signal to the shell in which it runs a script,
 * and the shell ends without passing it on. Only below npm: what a shell starts in the background may outlive it.
 */
export function onOrphaned(handle: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    handle();
  }, LOOK_MS);
  timer.unref();
}
