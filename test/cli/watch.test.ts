// @vitest-environment node
import { describe, expect, test } from "vitest";
import { watch } from "../../src/cli/terminal/watch.js";

/** Shows the texts one after the other (an error is thrown), and stops after the last. */
async function watched(texts: (string | Error)[], redraws: boolean): Promise<string> {
  const stop = new AbortController();
  const left = [...texts];
  let written = "";
  const out = {
    write: (text: string) => {
      written += text;
      if (left.length === 0) stop.abort();
    },
  };
  const show = async () => {
    const next = left.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  await watch(show, { out, redraws, intervalMs: 1, signal: stop.signal });
  return written;
}

/** What a terminal shows after a text was written to it: only what this command writes is understood. */
function screen(written: string): string[] {
  let lines: string[] = [];
  let [row, column] = [0, 0];
  // eslint-disable-next-line no-control-regex -- terminals are driven by control characters
  for (const [part] of written.matchAll(/\u001B\[[0-9;]*[A-Za-z]|\n|[^\u001B\n]+/g)) {
    if (part === "\u001B[2J") lines = [];
    else if (part === "\u001B[H") [row, column] = [0, 0];
    else if (part === "\u001B[J") lines = lines.slice(0, row);
    else if (part === "\u001B[K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (part === "\n") [row, column] = [row + 1, 0];
    else if (!part.startsWith("\u001B")) {
      const line = (lines[row] ?? "").padEnd(column);
      lines[row] = line.slice(0, column) + part + line.slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}

describe("watch", () => {
  test("draws a terminal anew: nothing of what was there before is left", async () => {
    const written = await watched(["a long line\nanother\na third", "short\nb"], true);
    expect(screen(written)).toEqual(["short", "b"]);
    expect(written.split("\u001B[2J")).toHaveLength(2);
  });

  test("prints one after the other where there is no terminal", async () => {
    expect(await watched(["one", "two"], false)).toBe("one\ntwo\n");
  });

  test.each([true, false])(
    "what it shows, and what goes wrong, does not steer the terminal: %j",
    async (redraws) => {
      const hostile = "\u001B]0;owned\u0007\u009B2J";
      const written = await watched([`one ${hostile}`, new Error(`away ${hostile}`)], redraws);
      expect(written.split("\\u001b]0;owned\\u0007\\u009b2J")).toHaveLength(redraws ? 4 : 3);
      // eslint-disable-next-line no-control-regex -- terminals are driven by control characters
      expect(written).not.toMatch(/\u001B\]|[\u0007\u009B]/);
    },
  );

  test("throws what goes wrong at first, and shows what goes wrong later", async () => {
    await expect(watched([new Error("no key")], true)).rejects.toThrow("no key");
    expect(screen(await watched(["one", new Error("away")], true)).join("\n")).toMatch(/^one\n.*away/);
    expect(await watched(["one", new Error("away"), "two"], false)).toMatch(/^one\n.*away.*\ntwo\n$/);
  });
});
