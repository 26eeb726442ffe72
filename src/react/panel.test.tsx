// @vitest-environment node
import { ConvexProvider, type ConvexReactClient } from "convex/react";
import { anyApi, getFunctionName, type FunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { noCounts } from "../core/wire/validators.js";
import type { MirrorStatus } from "../core/wire/views.js";
import { Audit } from "./Audit.js";
import { Drift } from "./Drift.js";
import { ImportPanel, ImportProvider, MirrorBadge, useReached, type ImportFunctions } from "./index.js";
import { Quarantine } from "./Quarantine.js";
import { RunHistory } from "./RunHistory.js";

/** What each part looks like in each state; what happens on a click is for the browser tests. */

const NOW = Date.parse("2026-01-31T08:00:10.000Z");

const mirror: MirrorStatus = {
  name: "orders",
  source: "public.orders",
  owner: "Sales",
  state: "upToDate",
  reason: "Everything received is applied.",
  hint: "Nothing to do.",
  primaryKey: "id",
  syncMode: "append_dedup",
  policy: "evolve",
  deletes: "hard",
  expectEveryMs: null,
  rows: 1_200,
  quarantined: 0,
  drift: 0,
  total: { ...noCounts, received: 1_200, inserted: 1_200 },
  removed: 0,
  copied: 0,
  generation: 1,
  epoch: 2,
  running: false,
  run: null,
  lastRun: "2: complete at 2026-01-31T08:00:08.000Z",
  lagMs: 1_000,
  lastAppliedAt: "2026-01-31T08:00:08.000Z",
  lastHeardAt: "2026-01-31T08:00:08.000Z",
  lastError: null,
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Renders with a client that has these answers, by the function's name; a function without one has not answered yet. */
function render(
  node: ReactNode,
  answers: Record<string, unknown> = {},
  functions: object = anyApi.operations!,
): string {
  const client = {
    watchQuery: (query: FunctionReference<"query">) => ({
      onUpdate: () => () => undefined,
      journal: () => undefined,
      localQueryResult: () => {
        const answer = answers[getFunctionName(query).replace("operations:", "")];
        if (answer instanceof Error) throw answer;
        return answer;
      },
    }),
  } as unknown as ConvexReactClient;
  return renderToStaticMarkup(
    <ConvexProvider client={client}>
      <ImportProvider functions={functions as ImportFunctions}>{node}</ImportProvider>
    </ConvexProvider>,
  );
}

/** Text as a reader has it. */
function textOf(markup: string): string {
  return markup
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

describe("MirrorBadge", () => {
  const badge = (status: unknown) => render(<MirrorBadge mirror="orders" />, { mirrorStatus: status });

  test("says how far behind the mirror is", () => {
    expect(textOf(badge(mirror))).toBe("orders live, 3 s behind");
    expect(badge(mirror)).toContain('data-csi-tone="good"');
  });

  test("says that it does not know yet, that it may not know, and that there is no such mirror", () => {
    expect(textOf(badge(undefined))).toBe("orders …");
    expect(badge(undefined)).toContain('aria-busy="true"');
    expect(textOf(badge(new ConvexError({ code: "NotAuthorized", message: "Sign in." })))).toBe(
      "orders unknown",
    );
    expect(badge(new ConvexError({ code: "NotAuthorized", message: "Sign in." }))).toContain(
      'title="Sign in."',
    );
    expect(textOf(badge(null))).toBe("orders not declared yet");
  });

  test("is no live region: a screen reader is not told every second", () => {
    expect(badge(mirror)).not.toMatch(/role="status"|aria-live/);
  });

  test("takes another label, or none", () => {
    expect(textOf(render(<MirrorBadge mirror="orders" label={null} />, { mirrorStatus: mirror }))).toBe(
      "live, 3 s behind",
    );
  });
});

describe("ImportPanel", () => {
  const panel = (value: object, more: object = {}) =>
    render(<ImportPanel />, {
      importStatus: { mirrors: [mirror], unknownStreams: 0, mayOperate: true, ...value },
      ...more,
    });

  test("is a region with a heading, and an article for each mirror", () => {
    const markup = panel({});
    expect(markup).toMatch(/<section[^>]+aria-labelledby="([^"]+)"[^]*<h2 id="\1">Imports<\/h2>/);
    expect(markup).toMatch(/<article[^>]+aria-labelledby="([^"]+)"[^]*<h3 id="\1">orders<\/h3>/);
    expect(textOf(markup)).toContain("1,200 rows live, 3 s behind");
    expect(textOf(markup)).toContain("Lag 1 s Last change 2 s ago Last run 2: complete Mode Append + dedup");
  });

  test("waits, is refused, breaks and is empty without taking the page down", () => {
    expect(render(<ImportPanel />)).toContain('aria-busy="true"');
    const refused = render(<ImportPanel />, {
      importStatus: new ConvexError({
        code: "NotAuthorized",
        message: "You may not see how imports are doing.",
      }),
    });
    expect(textOf(refused)).toBe("Imports No access You may not see how imports are doing.");
    const broken = render(<ImportPanel />, { importStatus: new Error("Server Error") });
    expect(broken).toMatch(/role="alert"[^]*Server Error/);
    expect(textOf(panel({ mirrors: [] }))).toContain("No mirrors yet");
  });

  test("says what to do about a mirror that needs attention, and sums it up", () => {
    const text = textOf(
      panel({
        mirrors: [
          {
            ...mirror,
            state: "failed",
            reason: "Refused.",
            hint: "See SchemaDrift.",
            quarantined: 2,
            drift: 1,
          },
        ],
      }),
    );
    expect(text).toContain("1 mirror · 1 needs attention · 2 changes in quarantine");
    expect(text).toContain("Failed Refused. See SchemaDrift.");
    expect(text).toContain("Quarantine of orders 2 Drift of orders 1");
  });

  test("shows how far a refresh has come", () => {
    const run = {
      id: "r",
      state: "running",
      syncMode: "overwrite",
      generation: 2,
      startedAt: "2026-01-31T08:00:00.000Z",
      received: 300,
      swept: 0,
    };
    const total = { ...noCounts, received: 1_500 };
    const markup = panel({ mirrors: [{ ...mirror, state: "snapshotting", run, total }] });
    expect(markup).toMatch(/<progress aria-label="Refresh of orders" max="1" value="0.25">/);
    expect(textOf(markup)).toContain("300 rows received, about 25 %");
  });

  test("offers what whoever looks may do, and what the app exports", () => {
    expect(panel({})).toContain('aria-label="Pause orders"');
    expect(panel({ mirrors: [{ ...mirror, state: "paused" }] })).toContain('aria-label="Resume orders"');
    expect(textOf(panel({}))).toContain("Audit of orders");
    const viewed = panel({ mayOperate: false });
    expect(viewed).not.toContain("<button");
    expect(textOf(viewed)).not.toContain("Audit");
    const { importStatus, mirrorStatus } = anyApi.operations!;
    const few = render(
      <ImportPanel />,
      { importStatus: { mirrors: [mirror], unknownStreams: 0, mayOperate: true } },
      { importStatus, mirrorStatus },
    );
    expect(few).not.toMatch(/<button|<details/);
  });

  test("shows the mirrors that it is told to, in that order", () => {
    const mirrors = ["a", "b", "c"].map((name) => ({ ...mirror, name }));
    const markup = render(<ImportPanel mirrors={["c", "a", "nothing"]} />, {
      importStatus: { mirrors, unknownStreams: 0, mayOperate: false },
    });
    expect([...markup.matchAll(/<h3[^>]*>(\w+)</g)].map(([, name]) => name)).toEqual(["c", "a"]);
  });

  test("draws the rows over time, and says them", () => {
    const samples = [
      { at: "2026-01-31T07:30:00.000Z", rows: 200, received: 200, quarantined: 0, lagMs: null },
      { at: "2026-01-31T07:45:00.000Z", rows: 800, received: 800, quarantined: 0, lagMs: null },
    ];
    const markup = panel({}, { samples });
    expect(markup).toContain('class="csi-plot-line" d="M0 40H120V16H240V0"');
    expect(textOf(markup)).toContain("From 200 rows to 1,200 rows in 30 min");
    expect(panel({}, { samples: [] })).not.toContain("<svg");
  });

  test("shows streams without a mirror with the code to paste", () => {
    const stream = { stream: "public_carts", snippet: "carts: mirrorTable(…)", times: 3 };
    const markup = panel({ unknownStreams: 1 }, { unknownStreams: [stream] });
    expect(textOf(markup)).toContain("1 stream without a mirror public_carts sent 3 times");
    expect(markup).toContain('aria-label="Copy: Mirror for public_carts"');
  });
});

describe("inside of a mirror's card", () => {
  test("the history of runs is a table with headings, that the keyboard can scroll", () => {
    const run = {
      id: "r1",
      startedAt: "2026-01-31T08:00:00.000Z",
      state: "complete",
      reason: "Whole; 3 rows that it did not bring were removed.",
      counts: { ...noCounts, received: 10, inserted: 4, updated: 2, deleted: 1, quarantined: 1 },
      swept: 3,
    };
    const markup = render(<RunHistory mirror="orders" />, { runs: [run] });
    expect(textOf(markup)).toContain("31 Jan, 08:00 UTC complete 10 6 4 1");
    expect(markup).toContain('role="region" tabindex="0" aria-label="Runs of orders"');
    expect(textOf(render(<RunHistory mirror="orders" />, { runs: [] }))).toBe("No runs yet.");
  });

  const entry = {
    id: "q1",
    mirror: "orders",
    code: "TypeMismatch",
    message: 'The field "total": found "x".',
    key: "[7]",
    op: "upsert",
    payload: '{"id":7,"total":"x"}',
    whole: true,
    encoding: "json",
    receivedAt: "2026-01-31T08:00:00.000Z",
  };
  const quarantine = (mayOperate: boolean, payload = entry.payload) =>
    render(<Quarantine mirror="orders" quarantined={1} mayOperate={mayOperate} />, {
      quarantine: [{ ...entry, payload }],
    });

  test("quarantine shows the reason, the row, replay and discard to operators, and a number to others", () => {
    expect(textOf(quarantine(true))).toContain("TypeMismatch upsert [7] 31 Jan, 08:00 UTC The field");
    expect(quarantine(true)).toContain("&quot;total&quot;: &quot;x&quot;");
    expect(quarantine(true)).toContain('aria-label="Discard [7]"');
    expect(textOf(quarantine(true))).toContain("Replay");
    expect(textOf(quarantine(false))).toBe("1 change in quarantine. Only operators see rows.");
  });

  test("quarantine shows a number that JavaScript would round as it came", () => {
    expect(quarantine(true, '{"id":9007199254740993}')).toContain("{&quot;id&quot;:9007199254740993}");
  });

  test("drift is the lines to paste", () => {
    const drift = { entries: [{ field: "a" }], snippet: "  a: v.optional(v.string())," };
    const markup = render(<Drift mirror="orders" mayOperate />, { drift });
    expect(markup).toContain("  a: v.optional(v.string()),");
    expect(markup).toContain('aria-label="Copy: Fields to add to orders"');
  });

  test("an audit offers to repair what differs, and only then", () => {
    const report = {
      state: "differs",
      reason: "1 row differs.",
      startedAt: "2026-01-31T08:00:00.000Z",
      finishedAt: "2026-01-31T08:00:01.000Z",
      rows: 3,
      differingBuckets: [1],
      findings: [{ kind: "edited", key: "[7]" }],
      all: true,
    };
    expect(textOf(render(<Audit mirror="orders" />, { auditReport: report }))).toContain("edited [7]");
    expect(render(<Audit mirror="orders" />, { auditReport: report })).toContain(
      'aria-label="Repair orders"',
    );
    const equal = { ...report, state: "equal", findings: [] };
    expect(render(<Audit mirror="orders" />, { auditReport: equal })).not.toContain("Repair orders");
  });
});

test("useReached tells what the query answers, and asks nothing without a target", () => {
  function Saved({ waiting }: { waiting: boolean }) {
    const answer = useReached("orders", waiting ? { position: "0/16B3748" } : null);
    return <p>{answer.status === "ready" ? String(answer.value.reached) : answer.status}</p>;
  }
  expect(textOf(render(<Saved waiting />, { reached: { reached: true } }))).toBe("true");
  expect(textOf(render(<Saved waiting={false} />, { reached: { reached: true } }))).toBe("loading");
});

test("without a provider, the error says what to write", () => {
  expect(() => renderToStaticMarkup(<ImportPanel />)).toThrow(/ImportProvider functions=\{api.operations\}/);
});
