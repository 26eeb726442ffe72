import { readdirSync } from "node:fs";
import { readSource } from "../generate/run.js";
import { schemaOf } from "../project/parts.js";
import { readProject } from "../project/project.js";
import { CliError } from "../terminal/exit.js";
import type { Io } from "../terminal/io.js";
import { visible } from "../terminal/output.js";

/** Where the rows of the first mirrors come from: one of these. The same options as `generate` has. */
export interface Origin {
  sample?: string | undefined;
  key?: string[] | undefined;
  postgres?: string | true | undefined;
  airbyte?: string | undefined;
  fivetran?: string | undefined;
}

const KINDS = ["sample", "postgres", "airbyte", "fivetran"] as const;

/**
 * Where the rows come from: as the options say, or as a person answers.
 *
 * @param options.isQuiet Nobody is asked.
 * @returns null when that is left for later, and where the schema has mirrors
 * @throws CliError when the person gives up
 */
export async function originOf(
  io: Io,
  root: string,
  { isQuiet, ...options }: Origin & { isQuiet: boolean },
): Promise<Origin | null> {
  if (options.sample !== undefined && options.key === undefined) {
    const columns = await columnsOf(io, root, options.sample);
    return { ...options, key: likelyKey(columns) };
  }
  if (KINDS.some((kind) => options[kind] !== undefined)) return options;
  if (isQuiet || io.stdin.isTTY !== true || schemaOf(await readProject(root)).hasMirrors) return null;
  const { isCancel, multiselect, select, text } = await import("@clack/prompts");
  const place = { input: io.stdin, output: io.stdout };
  const answered = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new CliError("Interrupted", "Nothing was written.");
    return answer as Exclude<Answer, symbol>;
  };
  const ask = async (message: string, example: string, initialValue?: string) =>
    answered(
      await text({
        ...place,
        message,
        placeholder: `for example ${example}`,
        ...(initialValue !== undefined && { initialValue }),
        validate: (value) => ((value ?? "").trim() === "" ? "Please answer, or press Ctrl-C." : undefined),
      }),
    ).trim();
  const kind = answered(
    await select({
      ...place,
      message: "Where do the rows of your first mirror come from?",
      options: [
        { value: "sample", label: "A file", hint: "CSV, TSV, JSON, JSON Lines" },
        { value: "postgres", label: "A Postgres database" },
        { value: "airbyte", label: "Airbyte", hint: "a catalog file" },
        { value: "fivetran", label: "Fivetran", hint: "a schema file" },
        { value: "later", label: "I decide later", hint: "writes a mirror to complete by hand" },
      ],
    }),
  );
  switch (kind) {
    case "postgres":
      return { postgres: await ask("The address of the database?", "postgres://reader@db.example.com/shop") };
    case "airbyte":
      return { airbyte: await ask("The catalog, configured or discovered?", "catalog.json") };
    case "fivetran":
      return { fivetran: await ask("The schema?", "schema.json") };
    case "sample": {
      const sample = await ask("The file?", "customers.csv", onlyFile(root));
      const columns = await columnsOf(io, root, sample);
      const key = answered(
        await multiselect({
          ...place,
          message: "Which columns name a row? (space chooses; none if rows have no key)",
          options: columns.map((value) => ({ value, label: visible(value) })),
          initialValues: likelyKey(columns),
          required: false,
        }),
      );
      return { sample, key };
    }
    default:
      return null;
  }
}

async function columnsOf(io: Io, root: string, sample: string): Promise<string[]> {
  const [table] = (await readSource(io, { sample }, root)).tables;
  return table!.columns.map(({ name }) => name);
}

/** The column that names a row where nobody says so. */
function likelyKey(columns: readonly string[]): string[] {
  return columns.filter((name) => name === "id");
}

/** The only file with rows in a folder; undefined where there are none or several. */
function onlyFile(root: string): string | undefined {
  const files = readdirSync(root).filter(
    (name) => /\.(csv|tsv|jsonl|ndjson)(\.gz)?$/i.test(name) && name === visible(name),
  );
  return files.length === 1 ? files[0] : undefined;
}
