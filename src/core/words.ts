/** Numbers and counts in messages: the same in the component, the command and the browser. */

/** "12,000". Without `Intl`, so that every runtime and every locale says the same. */
export function number(value: number): string {
  const [whole = "", fraction] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** "1 row", "12,000 rows". */
export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}
