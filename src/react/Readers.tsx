import type { ReaderStatus } from "../core/wire/views.js";
import { useAnswer, useNow } from "./hooks.js";
import { useImportFunctions } from "./ImportProvider.js";
import { Ago, State } from "./parts.js";
import type { Tone } from "./states.js";
import { capitalised, count, READER_WORDS } from "../core/words.js";
import { duration, sinceMs } from "./words.js";

/** Who reads the export: how far each has come, and who is about to lose changes. Nothing while nobody reads. */
export function Readers() {
  const answer = useAnswer(useImportFunctions().exportReaders, {});
  const now = useNow();
  if (answer.status !== "ready" || answer.value.length === 0) return null;
  return (
    <div className="csi-scroll csi-readers" role="region" tabIndex={0} aria-label="Readers of the export">
      <h3>Readers of the export</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Reader</th>
            <th scope="col">State</th>
            <th scope="col">Tables</th>
            <th scope="col" className="csi-number">
              Behind
            </th>
            <th scope="col">Last page</th>
          </tr>
        </thead>
        <tbody>
          {answer.value.map((reader) => (
            <ReaderRow
              key={`${reader.token} ${reader.tables} ${reader.lastPageAt}`}
              reader={reader}
              now={now}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ReaderRow({ reader, now }: { reader: ReaderStatus; now: number }) {
  const { label, tone } = stateOf(reader);
  const behind = sinceMs(reader.unreadSince, now);
  return (
    <tr>
      <th scope="row">
        {reader.token}
        {reader.client !== null && <span className="csi-muted"> {reader.client}</span>}
      </th>
      <td>
        <State label={label} tone={tone} />
      </td>
      <td>{reader.tables}</td>
      <td className="csi-number">{behind === null ? "–" : duration(behind)}</td>
      <td>
        <Ago time={reader.lastPageAt} now={now} />, {count(reader.lastRows, "row")}
      </td>
    </tr>
  );
}

/** Where a reader is; first of all whether it has lost changes, or is about to. */
function stateOf({ state, retention }: ReaderStatus): { label: string; tone: Tone } {
  if (retention === "lost") return { label: "Must start over: its changes are deleted", tone: "bad" };
  if (retention === "ending")
    return { label: "Must read soon: its changes are about to be deleted", tone: "warn" };
  return { label: capitalised(READER_WORDS[state]), tone: state === "upToDate" ? "good" : "idle" };
}
