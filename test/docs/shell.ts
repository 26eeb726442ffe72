/** As much of the shell's grammar as the pages use: words, quotes, comments, pipes, lists, assignments. */

/** A simple command: its words, without assignments and redirections. */
export type Command = string[];

/** What ends a simple command. */
const OPERATOR = /^(?:&&|\|\||[|;&\n])/;

/** One piece of a word; `<name>` and `[…]` stand for what the reader has to put there. */
const PIECE =
  /^(?:\\\n|\\.|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|\$\([^()]*\)|<[\w -]+>|[^\s\\'"|;&<>])/;

/** @throws Error on what is not understood, so that nothing is passed over. */
export function commandsOf(script: string): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let rest = script;
  const take = (pattern: RegExp) => {
    const found = pattern.exec(rest);
    if (found !== null) rest = rest.slice(found[0].length);
    return found;
  };
  const end = () => {
    if (words.length > 0) commands.push(words);
    words = [];
  };
  while (rest !== "") {
    if (take(/^(?:[ \t]|\\\n)+/) !== null || take(/^#[^\n]*/) !== null) continue;
    if (take(OPERATOR) !== null) {
      end();
      continue;
    }
    const isRedirection = take(/^\d?>>?(?!\()|^<(?![\w -]+>)/) !== null;
    if (isRedirection) take(/^[ \t]+/);
    let word = "";
    for (let piece = take(PIECE); piece !== null; piece = take(PIECE)) {
      const { single, double } = piece.groups!;
      if (single !== undefined) word += single;
      else if (double !== undefined) word += double.replaceAll(/\\(["\\$`])/g, "$1");
      else if (piece[0] !== "\\\n") word += piece[0].replace(/^\\(?=.)/, "");
    }
    if (word === "" && !/^['"]/.test(script.slice(-rest.length - 2)))
      throw new Error(`not understood: ${rest.split("\n")[0]!}`);
    const isAssignment = words.length === 0 && /^\w+=/.test(word);
    if (!isRedirection && !isAssignment) words.push(word);
  }
  end();
  return commands;
}
