// After esbuild, in engine/: the licences of what it has bundled, beside the bundle.
import { readFileSync, writeFileSync } from "node:fs";
import { bundledPackages, licensesText } from "./licenses";

const { inputs } = JSON.parse(readFileSync("dist/engine.meta.json", "utf8")) as { inputs: object };
writeFileSync("dist/THIRD-PARTY-LICENSES.txt", licensesText(bundledPackages(Object.keys(inputs), ".")));
