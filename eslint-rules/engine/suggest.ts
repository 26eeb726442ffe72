/** " Did you mean …?" with a space before it when one of the known names is near the misspelled one, else nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [nearest] = [...known].sort((one, other) => distance(name, one) - distance(name, other));
  const isNear = nearest !== undefined && distance(name, nearest) <= Math.max(2, name.length / 3);
  return isNear ? ` Did you mean "${nearest}"?` : "";
}

/** How many letters must change to make one name the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(one).entries()) {
    const next = [index + 1];
    for (const [at, wanted] of Array.from(other).entries()) {
      const same = (row[at] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(same, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
