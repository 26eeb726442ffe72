// @vitest-environment node
import { ConvexProvider, type ConvexReactClient } from "convex/react";
import { anyApi, getFunctionName, type FunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { noCounts } from "../core/wire/counts.js";
import type { MirrorStatus, ReaderStatus } from "../core/wire/views.js";
import { Audit } from "./Audit.js";
import { Drift } from "./Drift.js";
import { ImportPanel, ImportProvider, MirrorBadge, useReached, type ImportFunctions } from "./index.js";
import { MirrorDetails } from "./MirrorDetails.js";
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
  held: null,
  primaryKey: "id",
  syncMode: "append_dedup",
  policy: "evolve",
  deletes: "hard",
  expectEveryMs: null,
  rows: 1_200,
  quarantined: 0,
  resending: false,
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

  test("says how far behind the mirror is while a sender is there, else when the last rows came", () => {
    expect(textOf(badge({ ...mirror, running: true }))).toBe("orders live, 3 s behind");
    expect(textOf(badge(mirror))).toBe("orders last rows 2 s ago");
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
      "last rows 2 s ago",
    );
  });
});

describe("ImportPanel", () => {
  const panel = (value: object, more: object = {}) =>
    render(<ImportPanel />, {
      importStatus: { mirrors: [mirror], unknownStreams: 0, mayOperate: true, ...value },
      ...more,
    });

  test("is a region with a heading, and a line for each mirror", () => {
    const markup = panel({});
    expect(markup).toMatch(/<section[^>]+aria-labelledby="([^"]+)"[^]*<h2 id="\1">Imports<\/h2>/);
    expect(textOf(markup)).toBe(
      "Imports 1 healthy Mirror State Rows Rows over time Behind Quarantine orders Up to date 1,200 rows 3 s behind 0 in quarantine",
    );
    expect(markup).toContain('title="Last contact: 2026-01-31 08:00:08 UTC"');
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

  test("counts mirrors by what they need, and lists what needs attention first", () => {
    const mirrors = [
      { ...mirror, name: "healthy" },
      { ...mirror, name: "loading", state: "snapshotting" as const },
      { ...mirror, name: "waits", quarantined: 2_000 },
      { ...mirror, name: "failed", state: "failed" as const },
      { ...mirror, name: "idle", state: "paused" as const },
    ];
    const markup = panel({ mirrors });
    expect(textOf(markup)).toContain("Imports 2 need attention 1 loading 1 healthy 1 idle");
    expect([...markup.matchAll(/aria-haspopup="dialog">(\w+)</g)].map(([, name]) => name)).toEqual([
      "failed",
      "waits",
      "loading",
      "healthy",
      "idle",
    ]);
    expect(textOf(markup)).toContain("2,000 in quarantine");
  });

  test("shows the mirrors that it is given, in that order", () => {
    const mirrors = ["a", "b", "c"].map((name) => ({ ...mirror, name }));
    const markup = render(<ImportPanel mirrors={["c", "a", "nothing"]} />, {
      importStatus: { mirrors, unknownStreams: 0, mayOperate: false },
    });
    expect([...markup.matchAll(/aria-haspopup="dialog">(\w+)</g)].map(([, name]) => name)).toEqual([
      "c",
      "a",
    ]);
  });

  test("shows streams without a mirror with the code to paste", () => {
    const stream = { stream: "public_carts", snippet: "carts: mirrorTable(…)", times: 3 };
    const markup = panel({ unknownStreams: 1 }, { unknownStreams: [stream] });
    expect(textOf(markup)).toContain("1 stream without a mirror public_carts sent 3 times");
    expect(markup).toContain('aria-label="Copy: Mirror for public_carts"');
  });
});

describe("EXPORT-8: readers of the export", () => {
  const reader: ReaderStatus = {
    token: "warehouse",
    tables: "notes, orders",
    client: "airbyte-export-0.4.0",
    state: "upToDate",
    unreadSince: null,
    retention: "kept",
    lastPageAt: "2026-01-31T08:00:05.000Z",
    lastRows: 12,
  };
  const readers = (...exportReaders: ReaderStatus[]) =>
    textOf(
      render(<ImportPanel />, {
        importStatus: { mirrors: [mirror], unknownStreams: 0, mayOperate: false },
        exportReaders,
      }),
    ).split("Behind Last page ")[1];

  test("are shown with what they read and how far they are; nothing while there are none", () => {
    expect(readers(reader)).toBe(
      "warehouse airbyte-export-0.4.0 Up to date notes, orders – 5 s ago , 12 rows",
    );
    expect(readers()).toBe(undefined);
  });

  test("stand out when changes that they have not read are deleted, or about to be", () => {
    const behind = { ...reader, unreadSince: "2026-01-18T08:00:10.000Z" };
    expect(readers({ ...behind, retention: "ending" })).toContain(
      "Must read soon: its changes are about to be deleted notes, orders 13 d",
    );
    expect(readers({ ...behind, retention: "lost" })).toContain("Must start over: its changes are deleted");
  });
});

describe("the details of a mirror", () => {
  const details = (
    values: Partial<MirrorStatus>,
    {
      mayOperate = true,
      answers = {},
      functions,
    }: { mayOperate?: boolean; answers?: object; functions?: object } = {},
  ) =>
    render(
      <MirrorDetails mirror={{ ...mirror, ...values }} mayOperate={mayOperate} />,
      answers as Record<string, unknown>,
      functions,
    );

  test("say what to do about a mirror that needs attention", () => {
    const values = {
      state: "failed" as const,
      reason: "Refused.",
      hint: "See SchemaDrift.",
      quarantined: 2,
      drift: 1,
    };
    const text = textOf(details(values));
    expect(text).toContain("Refused. See SchemaDrift.");
    expect(text).toContain("Quarantine of orders 2");
    expect(text).toContain("Drift of orders 1");
  });

  test("say each fact once", () => {
    expect(textOf(details({}))).toContain(
      "Source public.orders Owner Sales Rows 1,200 Behind 3 s Lag 1 s Last change 2 s ago Last contact 2 s ago " +
        "Sync mode Append + dedup Primary key id Drift policy evolve Deletes hard",
    );
  });

  test("show the progress of a refresh", () => {
    const run = {
      id: "r",
      state: "running" as const,
      syncMode: "overwrite" as const,
      generation: 2,
      startedAt: "2026-01-31T08:00:00.000Z",
      received: 300,
      swept: 0,
    };
    const total = { ...noCounts, received: 1_500 };
    const markup = details({ state: "snapshotting", run, total });
    expect(markup).toMatch(/<progress aria-label="Refresh of orders" max="1" value="0.25">/);
    expect(textOf(markup)).toContain("300 rows received, about 25 %");
  });

  test("offer what the reader may do, and what the app exports", () => {
    expect(details({})).toContain('aria-label="Pause orders"');
    expect(details({ state: "paused" })).toContain('aria-label="Resume orders"');
    expect(textOf(details({}))).toContain("Audit of orders");
    const viewed = details({}, { mayOperate: false });
    expect(viewed).not.toContain("<button");
    expect(textOf(viewed)).not.toContain("Audit");
    const { importStatus, mirrorStatus } = anyApi.operations!;
    expect(details({}, { functions: { importStatus, mirrorStatus } })).not.toMatch(/<button|<details/);
  });

  test("plot the rows at the times of their changes, and say them", () => {
    const samples = [
      { at: "2026-01-31T07:30:00.000Z", rows: 200, received: 200, quarantined: 0, lagMs: null },
      { at: "2026-01-31T07:45:00.000Z", rows: 800, received: 800, quarantined: 0, lagMs: null },
    ];
    const markup = details({ lastAppliedAt: "2026-01-31T07:52:30.000Z" }, { answers: { samples } });
    expect(markup).toContain('class="csi-plot-line" d="M0 80H240V32H360V0H480V0"');
    expect(markup).toContain('aria-label="Rows: from 200 rows to 1,200 rows in 30 min, at most 1,200 rows"');
    expect(markup).toContain('title="2026-01-31 07:30:00 UTC">30 min ago</time>');
    expect(details({}, { answers: { samples: [] } })).not.toContain("<svg");
  });

  const now = NOW;

  test("the history of runs is a table with headings, that the keyboard can scroll", () => {
    const run = {
      id: "r1",
      startedAt: "2026-01-31T08:00:00.000Z",
      state: "complete",
      reason: "Complete; 3 rows that it did not bring were removed.",
      counts: { ...noCounts, received: 10, inserted: 4, updated: 2, deleted: 1, quarantined: 1 },
      swept: 3,
    };
    const markup = render(<RunHistory mirror="orders" now={now} />, { runs: [run] });
    expect(textOf(markup)).toContain("10 s ago complete 10 6 4 1");
    expect(markup).toContain('title="2026-01-31 08:00:00 UTC"');
    expect(markup).toContain('role="region" tabindex="0" aria-label="Runs of orders"');
    expect(textOf(render(<RunHistory mirror="orders" now={now} />, { runs: [] }))).toBe("No runs yet.");
  });

  const entry = {
    id: "q1",
    mirror: "orders",
    code: "TypeMismatch",
    message: 'The field "total": found "x".',
    key: '[{"$integer":"QA8DAAAAAAA="}]',
    op: "upsert",
    payload: '{"id":200512,"total":"x"}',
    whole: true,
    encoding: "json",
    receivedAt: "2026-01-31T08:00:00.000Z",
  };
  const reason = {
    reason: "TypeMismatch total",
    code: "TypeMismatch",
    field: "total",
    found: "string",
    fix: "total: v.union(v.number(), v.string()),",
    changes: 1,
    firstAt: "2026-01-31T08:00:00.000Z",
  };
  const quarantine = (mayOperate: boolean, changed: object = {}, changes = 1) =>
    render(
      <Quarantine
        mirror={{ name: "orders", primaryKey: "id", quarantined: changes }}
        mayOperate={mayOperate}
        now={now}
      />,
      {
        quarantine: [
          { ...entry, ...changed },
          { ...entry, id: "q2", ...changed },
        ].slice(0, changes),
        quarantineReasons: [{ ...reason, changes }],
      },
    );

  test("quarantine is for operators; others learn how many changes there are", () => {
    const text = textOf(quarantine(true));
    expect(text).toContain(
      "TypeMismatch on total , 1 change, first 10 s ago To let them in, change the field in schema.ts , deploy, " +
        "then replay: total: v.union(v.number(), v.string()), Copy Replay",
    );
    expect(text).toContain(
      'id 200512 upsert, 10 s ago The field "total": found "x".'.replaceAll('"', "&quot;"),
    );
    expect(quarantine(true)).toContain("&quot;total&quot;: &quot;x&quot;");
    expect(quarantine(true)).toContain('aria-label="Discard: id 200512"');
    expect(textOf(quarantine(false))).toBe("1 change in quarantine. Only operators see rows.");
  });

  test("quarantine of many changes is a reason, with one change as an example", () => {
    const markup = quarantine(true, {}, 2_000);
    expect(textOf(markup)).toContain("TypeMismatch on total , 2,000 changes, first 10 s ago");
    expect(markup).toContain('aria-label="Replay all 2,000: TypeMismatch on total"');
    expect(markup).toContain('aria-label="Discard all 2,000: TypeMismatch on total"');
    expect(textOf(markup).match(/upsert/g)).toHaveLength(1);
    expect(textOf(markup)).toContain("Show more rows");
  });

  test("quarantine shows a number that JavaScript would round as it came", () => {
    expect(quarantine(true, { payload: '{"id":9007199254740993}' })).toContain(
      "{&quot;id&quot;:9007199254740993}",
    );
  });

  test("drift is the lines to paste", () => {
    const drift = { entries: [{ field: "a" }], snippet: "  a: v.optional(v.string())," };
    const markup = render(<Drift mirror={mirror} mayOperate />, { drift });
    expect(markup).toContain("  a: v.optional(v.string()),");
    expect(markup).toContain('aria-label="Copy: Fields to add to orders"');
  });

  test("drift does not claim a match while rows wait in quarantine", () => {
    const drift = { entries: [], snippet: "" };
    expect(render(<Drift mirror={mirror} mayOperate />, { drift })).toContain("matches the schema");
    const waiting = render(<Drift mirror={{ ...mirror, quarantined: 1 }} mayOperate />, { drift });
    expect(waiting).not.toContain("matches the schema");
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
    const audit = (auditReport: object) =>
      render(<Audit mirror={{ name: "orders", primaryKey: "id" }} now={now} />, { auditReport });
    expect(textOf(audit(report))).toContain("edited id 7");
    expect(audit(report)).toContain('aria-label="Repair orders"');
    expect(audit({ ...report, state: "equal", findings: [] })).not.toContain("Repair orders");
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
