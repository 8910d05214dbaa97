import type { IBufferCell, Terminal } from "@xterm/headless";

/** Part of a line in one style. */
interface Run {
    readonly column: number;
    readonly text: string;
    readonly color?: string;
    readonly isBold: boolean;
    readonly isDim: boolean;
}

/** Sizes in the picture's own units. */
const cell = { width: 7.8, height: 17 } as const;
const margin = 16;
const font = 13;

/** The 16 colours that programs name by number, on a dark ground. */
const palette = [
    "#484f58",
    "#ff7b72",
    "#3fb950",
    "#d29922",
    "#58a6ff",
    "#bc8cff",
    "#39c5cf",
    "#b1bac4",
    "#6e7681",
    "#ffa198",
    "#56d364",
    "#e3b341",
    "#79c0ff",
    "#d2a8ff",
    "#56d4dd",
    "#f0f6fc",
];

/** The colour of a cell's text; undefined where it is the terminal's own. */
function colorOf(cell: IBufferCell): string | undefined {
    const color = cell.getFgColor();
    if (cell.isFgRGB()) return `#${color.toString(16).padStart(6, "0")}`;
    return cell.isFgPalette() ? palette[color] : undefined;
}

/** The runs of a line, without blanks at its end. */
function runsOf(terminal: Terminal, row: number): Run[] {
    const line = terminal.buffer.active.getLine(row);
    const runs: Run[] = [];
    for (let column = 0; line && column < terminal.cols; column++) {
        const at = line.getCell(column);
        if (!at || at.getWidth() === 0) continue;
        const style = { color: colorOf(at), isBold: at.isBold() > 0, isDim: at.isDim() > 0 };
        const text = at.getChars() || " ";
        const last = runs.at(-1);
        const continues =
            last && last.color === style.color && last.isBold === style.isBold && last.isDim === style.isDim;
        if (continues) runs.splice(-1, 1, { ...last, text: last.text + text });
        else runs.push({ column, text, ...style });
    }
    const end = runs.findLastIndex(({ text }) => text.trim() !== "");
    return runs.slice(0, end + 1).map((run, index) => (index === end ? { ...run, text: run.text.trimEnd() } : run));
}

const escape = (text: string) =>
    text.replace(/[&<>"]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char] ?? char);

function drawRun({ column, text, color, isBold, isDim }: Run): string {
    const attributes = [
        `x="${(margin + column * cell.width).toFixed(1)}"`,
        ...(color ? [`fill="${color}"`] : []),
        ...(isBold ? ['font-weight="bold"'] : []),
        ...(isDim ? ['opacity="0.7"'] : []),
        // Whatever the reader's font is, columns stay columns.
        `textLength="${(text.length * cell.width).toFixed(1)}"`,
    ];
    return `<tspan ${attributes.join(" ")}>${escape(text)}</tspan>`;
}

/**
 * What a terminal shows, all that has scrolled away included, as a picture.
 *
 * @param title says what it shows to who can't see it.
 * @returns SVG.
 */
export function draw(terminal: Terminal, title: string): string {
    const lines = Array.from({ length: terminal.buffer.active.length }, (_, row) => runsOf(terminal, row));
    const shown = lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
    const width = 2 * margin + terminal.cols * cell.width;
    const height = 2 * margin + shown.length * cell.height;
    const text = shown.flatMap((runs, row) => {
        const y = margin + row * cell.height + font;
        return runs.length === 0 ? [] : [`<text y="${y}">${runs.map(drawRun).join("")}</text>`];
    });
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
        `<title id="title">${escape(title)}</title>`,
        `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
        `<g xml:space="preserve" fill="#e6edf3" font-size="${font}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace">`,
        ...text,
        "</g>",
        "</svg>",
        "",
    ].join("\n");
}
