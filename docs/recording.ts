import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

// npm run recording: draws what a terminal shows of a run against the dev stack, which is up, as docs/recording.svg.

const commands = ["npm run -s pulumi -- stack output", "npm run -s scenario"];

/** Colours of a terminal by their number in an escape sequence (ECMA-48, SGR), on a dark ground. */
const colours: Readonly<Record<string, string>> = {
    31: "#ff7b72",
    32: "#7ee787",
    33: "#f2cc60",
    36: "#76e3ea",
    90: "#8b949e",
};
const [ground, text] = ["#0d1117", "#e6edf3"];
/** Of a character and a line, in pixels. */
const [width, height] = [8.4, 20];

const escape = (part: string) => part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A line as SVG: each escape sequence changes the colour of what follows. */
function drawLine(line: string, row: number): string {
    let colour = text;
    const spans = line.split(/\u001b\[(\d+)(?:;\d+)*m/).map((part, index) => {
        if (index % 2 === 1) {
            colour = colours[part] ?? text;
            return "";
        }
        return part && `<tspan fill="${colour}">${escape(part)}</tspan>`;
    });
    return `<text x="20" y="${40 + row * height}" xml:space="preserve">${spans.join("")}</text>`;
}

const lines = commands.flatMap((command) => {
    const { stdout, stderr, status } = spawnSync(command, {
        shell: true,
        encoding: "utf8",
        env: { ...process.env, FORCE_COLOR: "1" },
    });
    if (status !== 0) throw new Error(`${command}: exit code ${status}\n${stdout}${stderr}`);
    const shown = stdout.split("\n").filter((line, index, all) => line !== "" || all[index - 1] !== "");
    return [`\u001b[36m$\u001b[0m ${command}`, ...shown];
});
while (lines.at(-1) === "") lines.pop();

const visible = (line: string) => line.replaceAll(/\u001b\[[\d;]*m/g, "");
const [columns, rows] = [Math.max(...lines.map((line) => visible(line).length)), lines.length];
writeFileSync(
    join(__dirname, "recording.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(columns * width) + 40}" height="${rows * height + 50}" role="img">
<title>${escape(commands.join(", then "))}</title>
<rect width="100%" height="100%" rx="8" fill="${ground}"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${lines.map(drawLine).join("\n")}
</g>
</svg>
`,
);
