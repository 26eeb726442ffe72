/** The least bytes of a hash key: those of less are guessed. */
const MIN_KEY_BYTES = 16;

/** The key for columns that are stored as hashes. @throws Error when it is missing or too short */
export function checkHashKey(
  hashKey: string | Uint8Array | undefined,
  columns: readonly string[],
): string | Uint8Array {
  const what = `The mirror stores ${columns.join(", ")} as hashes`;
  if (hashKey === undefined) {
    throw new Error(
      `${what}, and there is no hashKey. Make one with \`openssl rand -hex 32\`, set it as an environment variable of the deployment, and pass it to the importer.`,
    );
  }
  const bytes = typeof hashKey === "string" ? new TextEncoder().encode(hashKey).length : hashKey.length;
  if (bytes >= MIN_KEY_BYTES) return hashKey;
  throw new Error(
    `${what}, and the hashKey has ${String(bytes)} bytes; one of less than ${String(MIN_KEY_BYTES)} can be guessed. Make one with \`openssl rand -hex 32\`.`,
  );
}
