import { appResource, variableResource } from "../access/access";
import type { OpenDocument, Reload } from "../documents/openDocument";
import { ScriptError, runScript } from "../script/index";
import { ErrorCode, QixError } from "./errors";
import type { CallContext } from "./method";

/** Lines of progress that wait to be asked for, and the length of each: the oldest ones and the rest of long ones are dropped. */
const mostLines = 10_000;
const longestLine = 1_000;

/**
 * Runs the document's script; on success its data takes the place of the document's.
 *
 * @returns false if the script failed or was cancelled: then the document is as it was.
 * @throws QixError if a reload is running already, if the script made variables that the user may not create, or if there
 * is no room for the data.
 */
export async function reload(
    { engine, session }: CallContext,
    document: OpenDocument,
    fetchLimit: number | undefined,
): Promise<boolean> {
    if (document.isReloading) {
        throw new QixError(ErrorCode.reloadInProgress, "A reload of the app is running", "Reload in progress");
    }
    const current: Reload = {
        abort: new AbortController(),
        finished: false,
        started: Date.now(),
        lines: [],
        errors: [],
    };
    document.reload = current;
    const end = engine.reloads.begin();
    let outcome: "ok" | "fail" = "fail";
    try {
        const data = await runScript(document.content.script, {
            signal: current.abort.signal,
            progress: (line) => tell(current, line),
            fetchLimit,
        });
        if (current.abort.signal.aborted) {
            return false;
        }
        const known = document.content.data.variables;
        if (Object.keys(data.variables).some((name) => !Object.hasOwn(known, name))) {
            const app = appResource(document.id, document.title, document.content.owner);
            session.access.demand("create", variableResource(app), "create variable");
        }
        engine.room.change(document, { data, lastReloadTime: new Date().toISOString() });
        outcome = "ok";
        return true;
    } catch (error) {
        if (current.abort.signal.aborted) {
            return false;
        }
        if (!(error instanceof ScriptError)) {
            throw error;
        }
        const lines = ["The following error occurred:", error.message, "The error occurred here:", error.statement];
        lines.forEach((line) => tell(current, line));
        if (session.reloadSettings.useErrorData) {
            current.errors.push(toErrorData(error));
        }
        return false;
    } finally {
        current.finished = true;
        end(outcome);
        await engine.library.refresh(document);
    }
}

function tell({ lines }: Reload, line: string): void {
    lines.push(line.length > longestLine ? `${line.slice(0, longestLine)} …` : line);
    if (lines.length > mostLines) {
        lines.shift();
    }
}

/**
 * QIX's ProgressData. Lines and errors are handed out once.
 *
 * @param withWords whether to hand them out: else they wait for somebody who may have them.
 */
export function progressOf(current: Reload | undefined, withWords: boolean): object {
    const lines = (withWords && current?.lines.splice(0)) || [];
    const errors = (withWords && current?.errors.splice(0)) || [];
    return {
        qStarted: true,
        qFinished: current?.finished ?? true,
        qCompleted: 0,
        qTotal: 0,
        qKB: 0,
        qMillisecs: current && !current.finished ? Date.now() - current.started : 0,
        qUserInteractionWanted: false,
        ...(lines.length && { qPersistentProgress: lines.map((line) => `${line}\n`).join("") }),
        qErrorData: errors,
        qPersistentProgressMessages: [],
        qTransientProgressMessage: { qMessageCode: 0, qMessageParameters: [""] },
    };
}

const localizedMessageError = 10;

function toErrorData(error: ScriptError): Record<string, unknown> {
    return {
        qErrorString: error.message,
        qLineEnd: "",
        qLine: error.statement,
        qErrorDataCode: "EDC_ERROR",
        qMessage: { qMessageCode: localizedMessageError, qMessageParameters: [error.message] },
    };
}
