import type { ReactNode } from "react";
import type { Tone } from "./states.js";

/** Something to know in the place of content. */
export function Notice({
  title,
  tone = "idle",
  children,
}: {
  title: string;
  tone?: Tone;
  children?: ReactNode;
}) {
  return (
    <div className="csi-notice" data-csi-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}
