import styles from "./Program.module.css";

/** The text of a program; the lines that a layer refuses are marked. */
export function Program({ code, lines }: { code: string; lines: ReadonlySet<number> }) {
  return (
    <figure className={styles.program} aria-label="The program">
      {/* Long lines scroll, by keyboard too. */}
      <pre tabIndex={0} role="region" aria-label="Code">
        <code>
          {code
            .trimEnd()
            .split("\n")
            .map((text, i) => (
              <span key={i} className={styles.line} data-refused={lines.has(i + 1) || undefined}>
                <span className={styles.number} aria-hidden="true">
                  {i + 1}
                </span>
                <span>{text === "" ? " " : text}</span>
                {"\n"}
              </span>
            ))}
        </code>
      </pre>
    </figure>
  );
}
