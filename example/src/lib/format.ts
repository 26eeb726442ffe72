const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2001/03/31 21:42" as the source writes local times, without a zone: they are taken apart, not converted. */
export function day(date: string): string {
  const [, month = "1", dayOfMonth = ""] = date.slice(0, 10).split("/");
  return `${String(Number(dayOfMonth))} ${MONTHS[Number(month) - 1] ?? ""}`;
}

export function time(date: string): string {
  return date.slice(11, 16);
}

export function dayAndYear(date: string): string {
  return `${day(date)} ${date.slice(0, 4)}`;
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "+95", "−3", "0": a real minus, so that the signs line up. */
export function signed(minutes: number): string {
  return minutes > 0 ? `+${String(minutes)}` : minutes < 0 ? `−${String(-minutes)}` : "0";
}

/** For people who hear the board instead of seeing it. */
export function delayInWords(minutes: number): string {
  if (minutes === 0) return "on time";
  return `${duration(Math.abs(minutes))} ${minutes > 0 ? "late" : "early"}`;
}

export function duration(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return `${String(rest)} min`;
  return rest === 0 ? `${String(hours)} h` : `${String(hours)} h ${String(rest)} min`;
}

/** Airlines count a flight as late from a quarter of an hour. */
export type DelayClass = "early" | "onTime" | "late" | "veryLate";

export function delayClass(minutes: number): DelayClass {
  if (minutes >= 60) return "veryLate";
  if (minutes >= 15) return "late";
  return minutes <= -5 ? "early" : "onTime";
}

/** "2 s ago". */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${String(seconds)} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${String(hours)} h ago` : `${String(Math.floor(hours / 24))} d ago`;
}
