import type { ScriptError } from "../script/index";

const tabMark = "///$tab ";

interface Tab {
    readonly start: number;
    /** From 0. */
    readonly line: number;
}

/** QIX's ScriptSyntaxErrors: tab, line and column count from 0, the text position from the script's start. */
export function syntaxErrors(script: string, errors: readonly ScriptError[]): object[] {
    const tabs = tabsOf(script);
    return errors.map(({ line, column, position, statement }) => {
        const tabIndex = tabs.findLastIndex(({ start }) => start <= position);
        return {
            qErrLen: statement.length,
            qTabIx: Math.max(tabIndex, 0),
            qLineInTab: line - 1 - (tabs[tabIndex]?.line ?? 0),
            qColInLine: column - 1,
            qTextPos: position,
            qSecondaryFailure: false,
        };
    });
}

/** In one walk over the script, which may have millions of lines. */
function tabsOf(script: string): Tab[] {
    const tabs: Tab[] = [];
    let start = 0;
    for (let line = 0; ; line++) {
        if (script.startsWith(tabMark, start)) {
            tabs.push({ start, line });
        }
        const end = script.indexOf("\n", start);
        if (end < 0) {
            return tabs;
        }
        start = end + 1;
    }
}
