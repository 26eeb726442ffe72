import { keyText } from "../lib/flightKey";
import { delayClass } from "../lib/format";
import type { Flight, Place } from "../lib/types";
import { useAirportDots } from "./AirportDots";
import { MAP_HEIGHT, MAP_WIDTH, project, type Point } from "./projection";
import styles from "./RouteMap.module.css";

interface RouteMapProps {
  flights: readonly Flight[];
  /** The flight that stands out. */
  highlighted: string | null;
  focus?: Place;
}

/** The listed flights over the mirrored airports. */
export function RouteMap({ flights, highlighted, focus }: RouteMapProps) {
  const dots = useAirportDots();
  const routes = flights.flatMap((flight) => {
    const [from, to] = [pointOf(flight.origin), pointOf(flight.destination)];
    return from === null || to === null ? [] : [{ key: keyText(flight.key), flight, from, to }];
  });
  const chosen = routes.find(({ key }) => key === highlighted);
  const focused = focus === undefined ? null : pointOf(focus);
  return (
    <svg
      className={styles.map}
      viewBox={`0 0 ${String(MAP_WIDTH)} ${String(MAP_HEIGHT)}`}
      role="img"
      aria-label={`Map with the ${String(routes.length)} listed flights`}
      data-chosen={chosen !== undefined || undefined}
    >
      {dots === "" && (
        <text className={styles.empty} x={MAP_WIDTH / 2} y={MAP_HEIGHT / 2} textAnchor="middle">
          Airports appear here as they arrive.
        </text>
      )}
      <path className={styles.dots} d={dots} />
      {routes.map(({ key, flight, from, to }) => (
        <path key={key} className={styles.route} data-delay={delayClass(flight.delay)} d={arc(from, to)} />
      ))}
      {focused !== null && focus !== undefined && <Marker point={focused} label={focus.iata} />}
      {chosen !== undefined && (
        <g>
          <path className={styles.chosen} d={arc(chosen.from, chosen.to)} />
          <Marker point={chosen.from} label={chosen.flight.key.origin} />
          <Marker point={chosen.to} label={chosen.flight.key.destination} />
        </g>
      )}
    </svg>
  );
}

function Marker({ point: { x, y }, label }: { point: Point; label: string }) {
  const left = x > MAP_WIDTH - 110;
  return (
    <g className={styles.marker}>
      <circle cx={x} cy={y} r={9} />
      <text x={left ? x - 18 : x + 18} y={y + 9} textAnchor={left ? "end" : "start"}>
        {label}
      </text>
    </g>
  );
}

function pointOf({ position, state }: Place): Point | null {
  return position === null ? null : project(position.latitude, position.longitude, state);
}

/** Bent to the north, as a flight looks on a map; the further, the higher. */
function arc(from: Point, to: Point): string {
  const lift = Math.hypot(to.x - from.x, to.y - from.y) * 0.22;
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2 - lift];
  return `M${at(from.x)} ${at(from.y)}Q${at(x)} ${at(y)} ${at(to.x)} ${at(to.y)}`;
}

function at(value: number): string {
  return value.toFixed(1);
}
