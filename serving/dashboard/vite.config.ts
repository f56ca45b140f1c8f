import { defineConfig } from "vite";

/** The service serves `dist` at its root with `default-src 'self'`: nothing may be inlined. */
export default defineConfig({
  build: { outDir: "dist", assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022" },
  server: {
    proxy: {
      "/api": "http://127.0.0.1:3000",
      "/signin": "http://127.0.0.1:3000",
      "/ws": { target: "ws://127.0.0.1:3000", ws: true },
    },
  },
});
