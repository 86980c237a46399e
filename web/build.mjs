// Bundles the page: page.js and page.css into the folder that is named on the command line.
import { build } from "esbuild";

const out = process.argv[2] ?? "../src/godyno/report/page";
await build({
  entryPoints: [{ in: "src/main.ts", out: "page" }],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "inline", // uPlot's licence asks that its notice stays
  logLevel: "warning",
});
