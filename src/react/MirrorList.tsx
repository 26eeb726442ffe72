import type { MirrorStatus } from "../core/wire/views.js";
import { useNow } from "./hooks.js";
import { Sparkline } from "./Plot.js";
import { State } from "./parts.js";
import { progressOf, shownState } from "./states.js";
import { number } from "../core/words.js";
import { behindMs, duration, exactly } from "./words.js";

interface MirrorListProps {
  mirrors: readonly MirrorStatus[];
  onOpen: (mirror: string) => void;
}

/** One line for each mirror: what needs attention shows at a glance, the rest is behind its name. */
export function MirrorList({ mirrors, onOpen }: MirrorListProps) {
  const now = useNow();
  return (
    <table className="csi-list">
      <thead>
        <tr>
          <th scope="col">Mirror</th>
          <th scope="col">State</th>
          <th scope="col" className="csi-number">
            Rows
          </th>
          <th scope="col">
            <span className="csi-hidden">Rows over time</span>
          </th>
          <th scope="col" className="csi-number">
            Behind
          </th>
          <th scope="col" className="csi-number">
            Quarantine
          </th>
        </tr>
      </thead>
      <tbody>
        {mirrors.map((mirror) => (
          <MirrorRow key={mirror.name} mirror={mirror} now={now} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

function MirrorRow({
  mirror,
  now,
  onOpen,
}: Pick<MirrorListProps, "onOpen"> & { mirror: MirrorStatus; now: number }) {
  const { name, reason, rows, quarantined, lastHeardAt } = mirror;
  const { label, tone } = shownState(mirror);
  const share = progressOf(mirror)?.share ?? null;
  const behind = behindMs(mirror, now);
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          className="csi-open"
          aria-haspopup="dialog"
          onClick={() => {
            onOpen(name);
          }}
        >
          {name}
        </button>
      </th>
      <td className="csi-list-state" title={reason}>
        <State
          label={share === null ? label : `${label}, ${String(Math.round(share * 100))} %`}
          tone={tone}
        />
      </td>
      <td className="csi-number csi-list-rows">
        {number(rows)}
        <span className="csi-unit">{rows === 1 ? " row" : " rows"}</span>
      </td>
      <td className="csi-list-spark">
        <Sparkline mirror={mirror} now={now} />
      </td>
      <td
        className="csi-number csi-list-behind"
        title={lastHeardAt === null ? undefined : `Last contact: ${exactly(lastHeardAt)}`}
        suppressHydrationWarning
      >
        {behind === null ? "–" : duration(behind)}
        <span className="csi-unit"> behind</span>
      </td>
      <td className="csi-number csi-list-quarantine">
        {quarantined === 0 ? (
          <span className="csi-muted">0</span>
        ) : (
          <strong className="csi-amount" data-csi-tone="warn">
            {number(quarantined)}
          </strong>
        )}
        <span className="csi-unit"> in quarantine</span>
      </td>
    </tr>
  );
}
