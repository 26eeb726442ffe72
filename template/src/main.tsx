import "convex-streaming-import/react/styles.css";
import "./page.css";
import { ConvexProvider, ConvexReactClient } from "convex/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";

// `npx convex dev` writes it to .env.local.
const url = import.meta.env.VITE_CONVEX_URL as string | undefined;

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    {url === undefined ? (
      <p>
        No deployment yet. Run <code>npx convex dev</code>, then start this page again.
      </p>
    ) : (
      <ConvexProvider client={new ConvexReactClient(url)}>
        <App />
      </ConvexProvider>
    )}
  </StrictMode>,
);
