/** Where `npm run demo` serves what is outside of the app's code; unset for a deployment of one's own. */
const DOOR = import.meta.env.VITE_OUTSIDE as string | undefined;

/** Whether an edit in the dashboard can be played here. */
export const canPlay = DOOR !== undefined;

/** A row that was edited as in the dashboard. */
export interface Edit {
  key: { date: string; origin: string; destination: string };
  field: string;
  before: number;
  after: number;
}

/** Edits the newest flight, with the calls that the dashboard makes. */
export async function editInDashboard(): Promise<Edit> {
  return (await ask("edit")) as Edit;
}

/** Has the source send again what the mirror asks for. Returns how many rows. */
export async function sendAgain(): Promise<number> {
  return (await ask("resend")) as number;
}

async function ask(what: string): Promise<unknown> {
  const response = await fetch(`${DOOR ?? ""}/${what}`, { method: "POST" });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
