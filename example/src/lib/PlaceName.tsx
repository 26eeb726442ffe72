import type { Place } from "./types";

/** The city of an airport, or what is known instead. */
export function PlaceName({ place, withState = false }: { place: Place; withState?: boolean }) {
  const city = place.city ?? place.name;
  if (city === null) return <span>Unknown airport</span>;
  return (
    <span>
      {city}
      {withState && place.state !== null && `, ${place.state}`}
    </span>
  );
}
