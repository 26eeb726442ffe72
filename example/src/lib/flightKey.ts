/** How the app names a flight: by the source's key. */
export interface FlightKey {
  date: string;
  origin: string;
  destination: string;
}

export function keyText({ date, origin, destination }: FlightKey): string {
  return `${date} ${origin} ${destination}`;
}

export function sameFlight(a: FlightKey | null, b: FlightKey | null): boolean {
  return a !== null && b !== null && keyText(a) === keyText(b);
}
