import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  // Found before the first visit, so that the page does not reload while it loads.
  optimizeDeps: { include: ["convex/react", "convex/server", "convex/values", "react", "react-dom/client"] },
  build: { outDir: "dist", emptyOutDir: true },
});
