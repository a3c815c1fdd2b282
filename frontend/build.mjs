// Bundles our modules with their npm packages into ../src/sizao/web/static/vendor.
//
// Nothing is fetched here and nothing in the result points off the machine: source map comments
// are stripped (a manifest static storage fails on a map that is not there), and a check at the
// end refuses CSS that loads from elsewhere.
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/sizao/web/static/vendor");
const modules = join(here, "node_modules");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

await build({
  absWorkingDir: here,
  entryPoints: { app: "src/app.js", map: "src/map.js", charts: "src/charts.js", playback: "src/playback.js", field: "src/field.js" },
  outdir: out,
  bundle: true,
  minify: true,
  // Modules with shared chunks: one copy of the feed clock, however many scripts a page loads.
  format: "esm",
  splitting: true,
  chunkNames: "chunk-[hash]",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  alias: { "maplibre-gl": "maplibre-gl/dist/maplibre-gl-csp.js" },
  logLevel: "warning",
});
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/app.css", map: "src/map.css" },
  outdir: out,
  bundle: true,
  minify: true,
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
// The phone's worker stands alone: a worker that cannot load its chunks is none.
await build({
  absWorkingDir: here,
  entryPoints: { fieldworker: "src/fieldworker.js" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
// The worker runs from its own URL, because the content security policy has no blob: scripts.
await cp(join(modules, "maplibre-gl/dist/maplibre-gl-csp-worker.js"), join(out, "map-worker.js"));

for (const name of await readdir(out)) {
  if (!/\.(js|css)$/.test(name)) continue;
  const path = join(out, name);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/(\/\/|\/\*)[#@] sourceMappingURL=.*?(\*\/)?$/gm, ""));
  if (name.endsWith(".css") && /(@import|url\()\s*["']?https?:/.test(text)) {
    throw new Error(`${name} loads something from another host`);
  }
}

const licences = [];
for (const name of ["@tabler/core", "echarts", "htmx.org", "maplibre-gl"]) {
  const about = JSON.parse(await readFile(join(modules, name, "package.json"), "utf8"));
  licences.push(`${name} ${about.version}: ${about.license}`);
}
licences.push("icons.svg: drawn from @tabler/icons 3.49.0: MIT");
await writeFile(join(out, "LICENCES.txt"), licences.join("\n") + "\n");
