// @vitest-environment node
import { beforeAll, describe, expect, it } from "vitest";
import { EVASIONS, fileOf } from "../../test/guard/evasions/index.js";
import { analyze, programWith } from "../../test/guard/programs.js";
import { formatMessage, MESSAGES } from "./messages.js";

const place = (id: string, extension: string): string => `convex/${id}.${extension}`;
interface Sentence {
  readonly messageId: string;
  readonly tables: readonly string[];
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the guard says about the programs of the evasion suite, by their ids. */
const sentences = new Map<string, Sentence[]>();

beforeAll(() => {
  const program = programWith(
    Object.fromEntries(EVASIONS.map((one) => [place(one.id, one.extension), fileOf(one)])),
  );
  for (const { id, extension } of EVASIONS) {
    const { findings } = analyze(program, place(id, extension), { today: "2026-11-20" });
    sentences.set(
      id,
      findings.map(({ messageId, data, tables = [] }) => ({
        messageId,
        tables,
        text: formatMessage(messageId, data),
        data,
      })),
    );
  }
});

function sentencesOf(id: string): Sentence[] {
  return sentences.get(id)!;
}

/** Why a write to a mirror is harmful. */
const WHY = /the import owns|belong to the import|the next sync|the import writes/i;
/** What to do: an imperative at the start of a sentence or after a colon, or the remedy that fits the mirror. */
const WAY_OUT =
  /\{\{wayOut\}\}|(?:[.:] |[,;] or |^)(?:Write|Name|Give|Take|Call|Keep|Change|Remove|Leave|Use|React|Import|Put|Store|Fix|Set|Send|Export|Declare|Correct|Add)\b|reviewed it, add/;
/** The option's problem brings its own remedy; a suggestion is one. */
const ENTRIES = Object.entries(MESSAGES).filter(([id]) => id !== "badOptions" && id !== "nameTable");

describe("the sentences", () => {
  it.each(ENTRIES)("%s says what to do", (_id, text) => {
    expect(text).toMatch(WAY_OUT);
  });

  it.each(ENTRIES.filter(([, text]) => text.includes("{{mirror}}")))(
    "%s says why that is harmful",
    (_id, text) => {
      expect(text).toMatch(WHY);
    },
  );

  it("have all their gaps filled, for every program of the evasion suite", () => {
    const texts = EVASIONS.flatMap(({ id }) => sentencesOf(id));
    expect(texts.length).toBeGreaterThan(EVASIONS.length / 2);
    const values = texts.flatMap(({ data }) => Object.values(data));
    expect(values.filter((value) => typeof value !== "string" || value === "")).toEqual([]);
    // The type of an optional field has undefined behind a bar; null is a type like any other.
    expect(texts.filter(({ text }) => /\{\{|(?<!\| )undefined\b/.test(text))).toEqual([]);
  });

  it("name every mirror that is written, with its source and owner where they are known", () => {
    const about = EVASIONS.flatMap(({ id }) => sentencesOf(id)).filter(
      ({ messageId, tables }) =>
        tables.length > 0 && MESSAGES[messageId as keyof typeof MESSAGES].includes("{{mirror}}"),
    );
    expect(about.length).toBeGreaterThan(150);
    for (const { tables, text } of about) {
      expect(text).toContain(`"${tables[0] ?? ""}"`);
      if (tables[0] === "customers") {
        expect(text).toContain("a copy of public.customers");
        expect(text).toContain("owner: the billing team");
      } else expect(text).not.toContain("a copy of");
    }
  });
});

describe("a certain write, a possible one and an unknown one have sentences of their own", () => {
  it("certain: the mirror, why, and the way out with the source's key", () => {
    expect(sentencesOf("alias-01").map(({ text }) => text)).toEqual([
      '`insert` writes the mirror "customers", a copy of public.customers (owner: the billing team). The import owns its rows: ' +
        "the next sync overwrites this change or conflicts with it. Write a table of your own keyed by the source's key (id), " +
        "or make the change at the source (public.customers).",
    ]);
  });

  it("possible: the union, and how to narrow it", () => {
    const [maybe] = sentencesOf("id-07");
    expect(maybe?.messageId).toBe("maybeMirrorWrite");
    expect(maybe?.text).toContain("may write the mirror");
    expect(maybe?.text).toContain('can be any of "customers" or "notes"');
    expect(maybe?.text).toContain('Exclude<TableNames, "customers">');
  });

  it("unknown: the reason, the mirrors that it may be, and how to name the table", () => {
    const [unknown] = sentencesOf("table-17");
    expect(unknown?.messageId).toBe("unknownTable");
    expect(unknown?.text).toContain("cannot prove which table `insert` writes, because");
    expect(unknown?.text).toContain('may be a mirror ("customers" or "products")');
    expect(unknown?.text).toContain('db.insert("table", …)');
  });
});
