import { useState, type ReactNode } from "react";
import type { Tone } from "./states.js";
import { number } from "./words.js";

interface DisclosureProps {
  label: string;
  /** What it is about, for screen readers: "Runs of orders". */
  about: string;
  /** How much there is inside; nothing is shown for 0. */
  amount?: number;
  /** The colour of the amount. */
  tone?: Tone;
  shown: boolean;
  /** The content, which asks the deployment only while it is open. */
  children: () => ReactNode;
}

/** Something to look into. */
export function Disclosure({ label, about, amount = 0, tone = "idle", shown, children }: DisclosureProps) {
  const [open, setOpen] = useState(false);
  if (!shown) return null;
  return (
    <details
      className="csi-disclosure"
      open={open}
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>
        {label}
        <span className="csi-hidden"> of {about}</span>
        {amount > 0 && (
          <span className="csi-amount" data-csi-tone={tone}>
            {number(amount)}
          </span>
        )}
      </summary>
      {open && <div className="csi-disclosed">{children()}</div>}
    </details>
  );
}
