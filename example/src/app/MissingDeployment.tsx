/** Shown when the page was started without a deployment to talk to. */
export function MissingDeployment() {
  return (
    <main style={{ maxWidth: "34rem", margin: "20vh auto", padding: "0 1.5rem" }}>
      <h1>No deployment</h1>
      <p>
        Start the page with <code>npm run demo</code>, or set <code>VITE_CONVEX_URL</code> to the URL of a
        Convex deployment that this example was pushed to.
      </p>
    </main>
  );
}
