/**
 * Places on a map of the United States: Albers' equal-area projection of the contiguous states, with Alaska, Hawaii
 * and the Caribbean as insets, as d3's `geoAlbersUsa` arranges them.
 */
export const MAP_WIDTH = 960;
export const MAP_HEIGHT = 590;

const SCALE = 1130;
const CENTRE: readonly [number, number] = [482, 272];

type Projection = (longitude: number, latitude: number) => [number, number];

export interface Point {
  x: number;
  y: number;
}

/** @returns null for a place that the map does not show */
export function project(latitude: number, longitude: number, state: string | null): Point | null {
  const [x, y] = insetOf(state)(longitude, latitude);
  return x < 0 || x > MAP_WIDTH || y < 0 || y > MAP_HEIGHT ? null : { x, y };
}

const contiguous = albers({ parallels: [29.5, 45.5], centre: [-96.6, 38.7], scale: 1, at: [0, 0] });
const alaska = albers({ parallels: [55, 65], centre: [-156, 58.5], scale: 0.35, at: [-0.307, 0.201] });
const hawaii = albers({ parallels: [8, 18], centre: [-160, 19.9], scale: 1, at: [-0.205, 0.212] });
const caribbean = albers({ parallels: [8, 18], centre: [-66, 18.2], scale: 1, at: [0.34, 0.226] });

function insetOf(state: string | null): Projection {
  if (state === "AK") return alaska;
  if (state === "HI") return hawaii;
  if (state === "PR" || state === "VI") return caribbean;
  return contiguous;
}

interface AlbersOptions {
  parallels: [number, number];
  /** Longitude and latitude of what lies at `at`. */
  centre: [number, number];
  scale: number;
  /** Where the centre goes, from the middle of the map, in units of the contiguous states' scale. */
  at: [number, number];
}

function albers({ parallels, centre, scale, at }: AlbersOptions): Projection {
  const [south, north] = parallels.map(radians) as [number, number];
  const n = (Math.sin(south) + Math.sin(north)) / 2;
  const c = Math.cos(south) ** 2 + 2 * n * Math.sin(south);
  const rho = (latitude: number): number => Math.sqrt(c - 2 * n * Math.sin(radians(latitude))) / n;
  const middle = rho(centre[1]);
  return (longitude, latitude) => {
    const [distance, angle] = [rho(latitude), n * radians(longitude - centre[0])];
    return [
      CENTRE[0] + SCALE * (at[0] + scale * distance * Math.sin(angle)),
      CENTRE[1] + SCALE * (at[1] + scale * (distance * Math.cos(angle) - middle)),
    ];
  };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
