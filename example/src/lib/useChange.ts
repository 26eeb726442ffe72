import { useState } from "react";

export interface Change<T> {
  /** How often the value has changed since the component came up. */
  times: number;
  /** The value before the last change. */
  before: T;
}

/** Notices that a value changes, so that a row can show it. */
export function useChange<T>(value: T): Change<T> {
  const [seen, setSeen] = useState({ value, before: value, times: 0 });
  if (Object.is(seen.value, value)) return seen;
  const next = { value, before: seen.value, times: seen.times + 1 };
  setSeen(next);
  return next;
}
