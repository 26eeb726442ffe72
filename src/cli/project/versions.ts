/** Whether a version is in a range of package.json: `^1.43.0`, `~6.0.3`, `>=9`, `18 || 19`, `*`. */
export function isInRange(version: string, range: string): boolean {
  return range.split("||").some((part) => isInSingle(version, part.trim()));
}

function isInSingle(version: string, range: string): boolean {
  if (range === "*" || range === "") return true;
  const operator = /^(\^|~|>=)?/.exec(range)![0];
  const wanted = numbersOf(range.slice(operator.length));
  const found = numbersOf(version);
  if (compare(found, wanted) < 0) return false;
  if (operator === ">=") return true;
  // A caret keeps the first number that is not zero, a tilde the first two; what is written plainly is kept as written.
  const kept =
    operator === "^" ? wanted.findIndex((number) => number > 0) + 1 : operator === "~" ? 2 : wanted.length;
  return wanted.slice(0, kept).every((number, i) => found[i] === number);
}

function numbersOf(version: string): number[] {
  return version
    .replace(/[-+].*$/, "")
    .split(".")
    .map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
