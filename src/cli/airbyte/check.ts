import { V1Client } from "../api/client.js";
import { ApiError } from "../api/apiError.js";
import { messageOf } from "../terminal/exit.js";
import { matchMirrors, readCatalog } from "./catalog.js";
import { readConfig } from "./config.js";

/** People wait for the answer of a connection test. */
const RETRY = { giveUpAfterMs: 5_000, maxAskedMs: 0, maxFaults: 2 };

/**
 * `airbyte check`: whether the deployment answers, the token is one of its, opens mirrors and may write them; with a
 * catalog, whether every stream of it has a mirror that fits. Null when all is well, else what is missing.
 */
export async function check(configText: string, catalogText: string | null): Promise<string | null> {
  try {
    const { url, token } = readConfig(configText);
    const client = new V1Client({ url, token, retry: RETRY });
    const mirrors = await client.mirrors();
    if (mirrors.length === 0)
      return "The token opens no mirror. Make one that names the mirrors of this connection.";
    const { targets, problems } =
      catalogText === null ? { targets: [], problems: [] } : matchMirrors(readCatalog(catalogText), mirrors);
    // Access is the same for all mirrors of a token, so that one stands for all when there is no catalog.
    const tried = catalogText === null ? [mirrors[0]!.name] : targets.map(({ mirror }) => mirror.name);
    for (const name of tried) {
      const access = await client.canWrite(name);
      if (!access.ok) problems.push(access.reason);
    }
    return problems.length === 0 ? null : problems.join("\n\n");
  } catch (error) {
    return error instanceof ApiError ? `${error.message} (${error.code})` : messageOf(error);
  }
}
