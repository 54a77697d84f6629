// Builds the GraphiQL page into ../static/graphiql/: static files of our own origin only, so that the page runs offline
// and under a CSP without inline script. Asset names carry a hash of their content and may be cached for ever.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/graphiql/",
  worker: { format: "es" },
  build: {
    outDir: fileURLToPath(new URL("../static/graphiql/", import.meta.url)),
    // Vite leaves a folder outside its root alone unless told; a rebuild must not pile up old hashes.
    emptyOutDir: true,
    target: "es2022",
    // A built page carries other people's MIT code: their notices have to travel with it.
    license: { fileName: "LICENSES.md" },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // Libraries mark files "use client" for React servers; a hundred warnings about it would hide a real one.
      onwarn: (warning, warn) => warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning),
    },
  },
});
