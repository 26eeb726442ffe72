import { jsonPlace } from "../../core/jsonPlace.js";
import { siteUrlOf } from "../deployment/environment.js";
import { messageOf } from "../terminal/exit.js";
import { configError } from "./protocol.js";

/** The connector's configuration, as people fill it in. The first two fields are those of `destination-convex`. */
export interface AirbyteConfig {
  url: string;
  token: string;
  trustEndOfInput: boolean;
}

/** What `spec` prints: the form that the platform shows. */
export const CONNECTION_SPECIFICATION = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Convex (convex-streaming-import)",
  type: "object",
  required: ["deployment_url", "access_key"],
  additionalProperties: true,
  properties: {
    deployment_url: {
      type: "string",
      title: "Deployment URL",
      description:
        "The site URL of your Convex deployment, with the path prefix of registerRoutes if http.ts sets one. The URL that ends in .convex.cloud also works.",
      examples: ["https://happy-otter-123.convex.site", "https://happy-otter-123.convex.site/airbyte"],
      order: 0,
    },
    access_key: {
      type: "string",
      title: "Token",
      description:
        "An import token, created with `npx streaming-import token create`. It opens only the mirrors that it names; the deployment's own key is not needed.",
      airbyte_secret: true,
      order: 1,
    },
    trust_end_of_input: {
      type: "boolean",
      title: "Trust the end of the input",
      description:
        "For platforms that do not forward stream statuses: treat the end of the input as the success of all streams. Leave it off if the platform forwards them: a source that breaks off also ends the input, and the rows that it did not reach would be deleted.",
      default: false,
      order: 2,
    },
  },
};

/** @throws SyncFailure for a configuration that cannot be used. Never repeats the token. */
export function readConfig(text: string): AirbyteConfig {
  let config: Record<string, unknown> | null;
  try {
    config = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    throw configError(`The configuration is not JSON: ${jsonPlace(text)}.`);
  }
  const { deployment_url: url, access_key: token, trust_end_of_input: trust } = config ?? {};
  if (typeof url !== "string" || url.trim() === "")
    throw configError('The configuration has no "deployment_url".');
  if (typeof token !== "string" || token.trim() === "")
    throw configError('The configuration has no "access_key".');
  try {
    return { url: siteUrlOf(url.trim()), token: token.trim(), trustEndOfInput: trust === true };
  } catch (error) {
    throw configError(messageOf(error));
  }
}
