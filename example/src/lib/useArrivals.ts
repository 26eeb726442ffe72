import { useState } from "react";

const NONE: ReadonlySet<string> = new Set();

/** More at once is a bulk load, where a highlight on every row would say nothing. */
const MAX_HIGHLIGHTED = 12;

/**
 * Which of the listed rows came in while one was looking.
 * @param keys What is listed now; undefined while loading.
 * @param list What is listed at all (its order, its length): another list has no arrivals, it is just another.
 */
export function useArrivals(keys: readonly string[] | undefined, list: string): ReadonlySet<string> {
  const [seen, setSeen] = useState<{
    list: string;
    joined: string;
    keys: ReadonlySet<string>;
    fresh: ReadonlySet<string>;
  }>();
  if (keys === undefined) return NONE;
  const joined = keys.join("\n");
  if (seen?.list === list && seen.joined === joined) return seen.fresh;
  const arrived = seen?.list === list && seen.keys.size > 0 ? keys.filter((key) => !seen.keys.has(key)) : [];
  const fresh = arrived.length > MAX_HIGHLIGHTED ? NONE : new Set(arrived);
  setSeen({ list, joined, keys: new Set(keys), fresh });
  return fresh;
}
