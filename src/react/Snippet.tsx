import { useState } from "react";

/** Code to paste. */
export function Snippet({ code, label }: { code: string; label: string }) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  return (
    <div className="csi-snippet">
      {/* It may scroll: the keyboard must get there, too. */}
      <pre tabIndex={0} role="region" aria-label={label}>
        {code}
      </pre>
      <button
        type="button"
        aria-label={`Copy: ${label}`}
        onClick={() => {
          copy(code).then(
            () => {
              setCopied("yes");
            },
            () => {
              setCopied("failed");
            },
          );
        }}
      >
        Copy
      </button>
      <span className="csi-muted" role="status">
        {copied === "yes" ? "Copied" : copied === "failed" ? "Select the text and copy it by hand" : ""}
      </span>
    </div>
  );
}

/** @throws when the browser has no clipboard for this page (one without https), or its reader refuses. */
async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
