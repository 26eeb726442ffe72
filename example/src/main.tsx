import "./styles/tokens.css";
import "./styles/base.css";
import "convex-streaming-import/react/styles.css";
import "./styles/panel.css";
import { ConvexProvider, ConvexReactClient } from "convex/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { MissingDeployment } from "./app/MissingDeployment";

const url = import.meta.env.VITE_CONVEX_URL as string | undefined;
const root = createRoot(document.getElementById("root")!);

if (url === undefined || url === "") {
  root.render(<MissingDeployment />);
} else {
  const convex = new ConvexReactClient(url);
  root.render(
    <StrictMode>
      <ConvexProvider client={convex}>
        <App />
      </ConvexProvider>
    </StrictMode>,
  );
}
