// Bundles the page: page.js and page.css into the folder that is named on the command line.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

const out = process.argv[2] ?? "../src/godyno/report/page";
// uPlot's licence asks that its notice goes wherever its code goes.
const licence = (await readFile("node_modules/uplot/LICENSE", "utf8")).trim();
const banner = `/*! uPlot, https://github.com/leeoniya/uPlot\n${licence.replaceAll("*/", "* /")}\n*/`;
await build({
  entryPoints: [{ in: "src/main.ts", out: "page" }],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  banner: { js: banner, css: banner },
  logLevel: "warning",
});
