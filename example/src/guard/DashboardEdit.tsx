import { useMutation, useQuery } from "convex/react";
import { useState, type ReactNode } from "react";
import { api } from "../../convex/_generated/api";
import { dayAndYear, signed, time } from "../lib/format";
import view from "./AttemptView.module.css";
import styles from "./DashboardEdit.module.css";
import { canPlay, editInDashboard, sendAgain, type Edit } from "./outside";

const MIRROR = { mirror: "flights" };

/** The way in that no code takes: somebody edits a row, the audit finds it, and the source mends it. */
export function DashboardEdit() {
  const [edit, setEdit] = useState<Edit | null>(null);
  const [asked, setAsked] = useState<number | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const startAudit = useMutation(api.operations.audit);
  const repair = useMutation(api.operations.repair);
  const report = useQuery(api.operations.auditReport, MIRROR);
  const flight = useQuery(api.flights.get, edit === null ? "skip" : { flight: edit.key });

  /** Does one step, and says so when it fails. */
  const step = (work: () => Promise<unknown>) => (): void => {
    setProblem(null);
    work().catch((error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error));
    });
  };

  return (
    <article className={view.view} aria-labelledby="attempt">
      <header>
        <h2 id="attempt">Edit a row in the dashboard</h2>
        <p>
          No code writes, so no layer that reads or runs code can refuse it. The importer keeps a digest of
          what it wrote; an audit compares it with the rows that are there.
        </p>
      </header>
      <ol className={styles.steps}>
        <Step
          title="Somebody edits a flight"
          done={edit !== null}
          action={
            canPlay
              ? {
                  label: "Edit a flight as in the dashboard",
                  run: step(async () => {
                    setAsked(null);
                    setSent(null);
                    setEdit(await editInDashboard());
                  }),
                }
              : null
          }
        >
          {edit === null ? (
            canPlay ? (
              "The same call that the dashboard’s data page makes, with the deployment’s key."
            ) : (
              "Open the data page of your deployment’s dashboard, and change the delay of any flight."
            )
          ) : (
            <>
              {edit.key.origin} to {edit.key.destination}, {dayAndYear(edit.key.date)} {time(edit.key.date)}:{" "}
              {edit.field} {signed(edit.before)} became <b>{signed(edit.after)}</b>. Every board shows it, and
              nothing complains.
            </>
          )}
        </Step>
        <Step
          title="An audit walks the mirror"
          done={report?.state === "differs" || report?.state === "equal"}
          action={{ label: "Audit", run: step(() => startAudit(MIRROR)) }}
        >
          {report == null ? "By hand here; by a cron job in an app." : <Findings report={report} />}
        </Step>
        <Step
          title="A repair asks the source again"
          done={asked !== null}
          action={
            report?.state === "differs"
              ? {
                  label: "Repair",
                  run: step(async () => {
                    setAsked((await repair(MIRROR)).askedAgain);
                  }),
                }
              : null
          }
        >
          {asked === null
            ? "It names the rows to the next run of the source."
            : `${asked === 1 ? "1 row is" : `${String(asked)} rows are`} asked for again.`}
        </Step>
        <Step
          title="The source sends it"
          done={sent !== null}
          action={
            canPlay && asked !== null
              ? {
                  label: "Run the source",
                  run: step(async () => {
                    setSent(await sendAgain());
                  }),
                }
              : null
          }
        >
          {sent === null ? (
            "With its next run, by protocol v1; or with its next full refresh."
          ) : (
            <>
              {sent === 1 ? "1 row was" : `${String(sent)} rows were`} sent.
              {edit !== null && flight != null && (
                <>
                  {" "}
                  The {edit.field} is <b>{signed(flight.delay)}</b> again.
                </>
              )}
            </>
          )}
        </Step>
      </ol>
      {problem !== null && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </article>
  );
}

interface StepProps {
  title: string;
  done: boolean;
  /** Null while it is not this step's turn. */
  action: { label: string; run: () => void } | null;
  children: ReactNode;
}

function Step({ title, done, action, children }: StepProps) {
  return (
    <li className={styles.step} data-done={done || undefined}>
      <h3>{title}</h3>
      <div className={styles.text} role="status">
        {children}
      </div>
      {action !== null && (
        <button type="button" className={styles.button} onClick={action.run}>
          {action.label}
        </button>
      )}
    </li>
  );
}

function Findings({
  report,
}: {
  report: { reason: string; findings: { kind: string; key: string | null }[] };
}) {
  return (
    <>
      {report.reason}
      {report.findings.length > 0 && (
        <ul className={styles.findings}>
          {report.findings.map(({ kind, key }, i) => (
            <li key={key ?? i}>
              <b>{kind}</b> <code>{key ?? "a row whose key cannot be told"}</code>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
