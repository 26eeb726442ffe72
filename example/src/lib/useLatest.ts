import { useState } from "react";

/** The last value that was not undefined: what a list shows while its next page or order loads. */
export function useLatest<T>(value: T | undefined): T | undefined {
  const [latest, setLatest] = useState(value);
  if (value !== undefined && value !== latest) setLatest(value);
  return value ?? latest;
}
