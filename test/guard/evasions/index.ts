import { clean } from "./clean.js";
import { detours } from "./detours.js";
import { documented } from "./documented.js";
import { escapes } from "./escapes.js";
import type { Evasion } from "./evasion.js";
import { handed } from "./handed.js";
import { laundering } from "./laundering.js";
import { libraries } from "./libraries.js";
import { lies } from "./lies.js";
import { misread } from "./misread.js";
import { receivers } from "./receivers.js";
import { tables } from "./tables.js";
import { borders } from "./borders.js";
import { callbacks } from "./callbacks.js";
import { replacing } from "./replacing.js";
import { natives } from "./natives.js";
import { answers } from "./answers.js";
import { later } from "./later.js";
import { third } from "./third.js";
import { fourth } from "./fourth.js";
import { seventh } from "./seventh.js";
import { scopes } from "./scopes.js";
import { variations } from "./variations.js";

export { fileOf, type Evasion } from "./evasion.js";

/** All programs of the evasion suite. */
export const EVASIONS: readonly Evasion[] = [
  ...receivers,
  ...tables,
  ...escapes,
  ...libraries,
  ...laundering,
  ...handed,
  ...lies,
  ...detours,
  ...misread,
  ...documented,
  ...variations,
  ...answers,
  ...later,
  ...third,
  ...fourth,
  ...scopes,
  ...borders,
  ...callbacks,
  ...replacing,
  ...natives,
  ...seventh,
  ...clean,
];
