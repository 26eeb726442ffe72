import { styleText } from "node:util";

/** https://no-color.org, and a terminal that shows colours. */
export const isColoured =
  (process.env.NO_COLOR ?? "") === "" &&
  ((process.env.FORCE_COLOR ?? "") !== "" || (process.stdout.isTTY && process.env.TERM !== "dumb"));

/** What the styles below begin and end with. */
export const STYLE_CODES = [1, 2, 22, 31, 32, 33, 36, 39];

type Format = Parameters<typeof styleText>[0];

function of(format: Format): (text: string) => string {
  return (text) => (isColoured ? styleText(format, text) : text);
}

/** Texts in the colours of a terminal; as they are where there is none. */
export const style = {
  bold: of("bold"),
  dim: of("dim"),
  red: of("red"),
  green: of("green"),
  yellow: of("yellow"),
  cyan: of("cyan"),
};
