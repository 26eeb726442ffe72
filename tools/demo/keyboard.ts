import { createInterface } from "node:readline/promises";

export interface Keyboard {
  /** Waits for Enter. */
  enter(question: string): Promise<void>;
  close(): void;
}

/** The person at the terminal, or null where nobody can press a key. Ctrl-C stays a signal. */
export function openKeyboard(): Keyboard | null {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  return {
    async enter(question) {
      await lines.question(question);
    },
    close() {
      lines.close();
    },
  };
}
