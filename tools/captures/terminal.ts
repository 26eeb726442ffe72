/** Text as a terminal shows it, drawn as SVG. */

/** A piece of a line in one style. */
interface Span {
  text: string;
  /** A number of ANSI's eight colours, or null for the terminal's own. */
  colour: number | null;
  bold: boolean;
  dim: boolean;
}

/** One picture of a terminal; several follow each other. */
export interface Recording {
  /** What was typed. */
  command: string;
  /** What the screen showed below it, one after the other. */
  frames: readonly string[];
  /** How long each frame stays, in seconds. */
  secondsPerFrame?: number;
}

/** Widths and heights in pixels of a fixed-width font at this size. */
const FONT_SIZE = 13;
const [CHARACTER, LINE, MARGIN, BAR] = [7.83, 19, 18, 34];

/** Columns at which lines are folded, as a terminal does. */
const COLUMNS = 116;

const COLOURS = ["#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#c9d1d9"];
const [BACKGROUND, FOREGROUND] = ["#0d1117", "#c9d1d9"];

// eslint-disable-next-line no-control-regex -- colours are control characters
const STYLE = /\u001B\[([\d;]*)m/g;

/** The styled pieces of a line. Only colours are understood; nothing else is printed by the command without a terminal. */
function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let style: Omit<Span, "text"> = { colour: null, bold: false, dim: false };
  let from = 0;
  const push = (to: number) => {
    if (to > from) spans.push({ text: line.slice(from, to), ...style });
  };
  for (const found of line.matchAll(STYLE)) {
    push(found.index);
    from = found.index + found[0].length;
    for (const code of found[1]!.split(";").map(Number)) style = styled(style, code);
  }
  push(line.length);
  return spans;
}

function styled(style: Omit<Span, "text">, code: number): Omit<Span, "text"> {
  if (code === 0) return { colour: null, bold: false, dim: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, colour: null };
  if (code >= 30 && code <= 37) return { ...style, colour: code - 30 };
  throw new Error(`The style ${String(code)} is not drawn.`);
}

/** Lines of a terminal of {@link COLUMNS} columns. */
function folded(spans: readonly Span[]): Span[][] {
  const lines: Span[][] = [[]];
  let column = 0;
  for (const span of spans) {
    let rest = span.text;
    while (column + rest.length > COLUMNS) {
      const fits = COLUMNS - column;
      if (fits > 0) lines.at(-1)!.push({ ...span, text: rest.slice(0, fits) });
      lines.push([]);
      rest = rest.slice(fits);
      column = 0;
    }
    if (rest !== "") lines.at(-1)!.push({ ...span, text: rest });
    column += rest.length;
  }
  return lines;
}

function linesOf(text: string): Span[][] {
  return text
    .trimEnd()
    .split("\n")
    .flatMap((line) => folded(spansOf(line)));
}

/** The recording as an SVG document; several frames take turns, for ever. */
export function toSvg({ command, frames, secondsPerFrame = 2 }: Recording): string {
  const prompt: Span[] = [
    { text: "$ ", colour: 2, bold: true, dim: false },
    { text: command, colour: null, bold: true, dim: false },
  ];
  const screens = frames.map((frame) => [...folded(prompt), ...linesOf(frame)]);
  const height = Math.max(...screens.map((lines) => lines.length)) * LINE + BAR + MARGIN;
  const width = Math.round(COLUMNS * CHARACTER + 2 * MARGIN);
  const shown = screens.map((lines, i) => {
    const text = lines.map(drawLine).join("\n");
    return screens.length === 1
      ? text
      : `<g class="f" style="animation-delay:${String(i * secondsPerFrame)}s">\n${text}\n</g>`;
  });
  const share = (100 / screens.length).toFixed(3);
  const turn = `.f{opacity:0;animation:turn ${String(screens.length * secondsPerFrame)}s step-end infinite}@keyframes turn{0%{opacity:1}${share}%{opacity:0}100%{opacity:0}}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img">
<title>${escaped(command)}</title>
<style>text{font:${String(FONT_SIZE)}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${FOREGROUND};white-space:pre}${screens.length > 1 ? turn : ""}</style>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
${["#ff5f57", "#febc2e", "#28c840"].map((fill, i) => `<circle cx="${String(MARGIN + 4 + i * 18)}" cy="17" r="5.5" fill="${fill}"/>`).join("")}
${shown.join("\n")}
</svg>
`;
}

function drawLine(spans: readonly Span[], row: number): string {
  if (spans.length === 0) return "";
  let column = 0;
  const parts = spans.map((span) => {
    const x = MARGIN + column * CHARACTER;
    column += span.text.length;
    // Each piece is put where its column is: fonts differ in width, tables must not.
    const width = (span.text.length * CHARACTER).toFixed(1);
    return `<tspan x="${x.toFixed(1)}" textLength="${width}"${styleOf(span)}>${escaped(span.text)}</tspan>`;
  });
  return `<text y="${String(BAR + (row + 1) * LINE - 5)}" xml:space="preserve">${parts.join("")}</text>`;
}

function styleOf({ colour, bold, dim }: Span): string {
  return [
    colour === null ? "" : ` fill="${COLOURS[colour]!}"`,
    bold ? ' font-weight="bold"' : "",
    dim ? ' fill-opacity="0.6"' : "",
  ].join("");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
