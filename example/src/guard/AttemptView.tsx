import { TYPESCRIPT, type Attempt } from "./attempts";
import styles from "./AttemptView.module.css";
import { Layer } from "./Layer";
import { Program } from "./Program";
import { RunTime } from "./RunTime";

/** One program, and what each layer says to it: the verdicts first, the words behind them to open. */
export function AttemptView({ attempt }: { attempt: Attempt }) {
  const { title, idea, code, types, eslint, gate } = attempt;
  return (
    <article className={styles.view} aria-labelledby="attempt">
      <header>
        <h2 id="attempt">{title}</h2>
        <p>{idea}</p>
      </header>
      <ol className={styles.layers}>
        <Layer
          name="Types"
          by={`TypeScript ${TYPESCRIPT}`}
          verdict={types.length > 0 ? "Does not compile" : "Compiles"}
          stops={types.length > 0}
          refusals={types}
        />
        <Layer
          name="ESLint"
          by="recommended preset"
          verdict={eslint.length > 0 ? "Reported" : "Nothing to report here"}
          stops={eslint.length > 0}
          refusals={eslint}
        >
          {eslint.length === 0 && <p>The mutation that does the writing is reported where it stands.</p>}
        </Layer>
        <Layer
          name="Gate"
          by="guard --strict"
          verdict={gate.length > 0 ? "Not deployed" : "Nothing found"}
          stops={gate.length > 0}
          refusals={gate}
        >
          {gate.length === 0 && <p>The mutation that does the writing is found where it stands.</p>}
        </Layer>
        <RunTime attempt={attempt} />
      </ol>
      <Program code={code} lines={new Set([...types, ...eslint, ...gate].map(({ line }) => line))} />
    </article>
  );
}
