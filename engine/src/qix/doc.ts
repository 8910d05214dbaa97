import { appResource, type Action } from "../access/access";
import { beyondBounds, bounds } from "../documents/bounds";
import type { OpenDocument } from "../documents/openDocument";
import { checkSyntax } from "../script/index";
import { keyRecords, tableRecords } from "./dataModel";
import { emptyScript } from "./emptyScript";
import { ErrorCode, QixError, noActiveDocument } from "./errors";
import { type CallContext, type Method, method } from "./method";
import { reload } from "./reload";
import { writing } from "./storeErrors";
import { syntaxErrors } from "./syntaxErrors";

/** Methods of a document's handle. */
export const docMethods: Record<string, Method> = {
    GetAppLayout: method({}, (context) => {
        const document = permitted(context, "read", "get app layout");
        context.connection.validateDocument();
        return { qLayout: appLayout(document) };
    }),

    GetAppProperties: method({}, (context) => ({
        qProp: { ...permitted(context, "read", "get app properties").content.properties },
    })),

    SetAppProperties: method({ qProp: {} }, (context, { qProp }) => {
        const document = permitted(context, "update", "set app properties");
        checkProperties(qProp);
        context.engine.room.change(document, { properties: { qTitle: document.title, qThumbnail: {}, ...qProp } });
        return {};
    }),

    GetScript: method({}, (context) => ({ qScript: permitted(context, "reload", "get script").content.script })),

    SetScript: method({ qScript: "" }, (context, { qScript }) => {
        context.engine.room.change(permitted(context, "update", "set script"), { script: qScript });
        return {};
    }),

    GetEmptyScript: method({ qLocalizedMainSection: "" }, (context, { qLocalizedMainSection }) => {
        permitted(context, "reload", "get empty script");
        return { qReturn: emptyScript(qLocalizedMainSection) };
    }),

    CheckScriptSyntax: method({}, async (context) => {
        const { script } = permitted(context, "reload", "check script syntax").content;
        return { qErrors: syntaxErrors(script, await checkSyntax(script)) };
    }),

    SetFetchLimit: method({ qLimit: 0 }, (context, { qLimit }) => {
        permitted(context, "reload", "set fetch limit");
        context.session.reloadSettings.fetchLimit = qLimit;
        return {};
    }),

    DoReload: method({ qMode: 0, qPartial: false, qDebug: false }, async (context, { qDebug }) => {
        const document = permitted(context, "reload", "reload app");
        return { qReturn: await reload(context, document, fetchLimit(context, qDebug)) };
    }),

    DoReloadEx: method({ qParams: { qDebug: false } }, async (context, { qParams }) => {
        const document = permitted(context, "reload", "reload app");
        const qSuccess = await reload(context, document, fetchLimit(context, qParams.qDebug));
        return { qResult: { qSuccess, qScriptLogFile: "" } };
    }),

    DoSave: method({ qFileName: "" }, async (context) => {
        const document = permitted(context, "update", "save app");
        await writing(ErrorCode.saveFailed, "Save failed", () => context.engine.library.save(document));
        return {};
    }),

    GetAllInfos: method({}, (context) => {
        permitted(context, "read", "get objects");
        return { qInfos: [] };
    }),

    GetTablesAndKeys: method({}, async (context) => {
        const { data } = permitted(context, "read", "get tables").content;
        return { qtr: await tableRecords(data), qk: keyRecords(data) };
    }),
};

/** Those that lists and other engines' memory can bear. @throws QixError invalid parameters */
function checkProperties(properties: { readonly qTitle?: unknown }): void {
    const { qTitle } = properties;
    const beyond = beyondBounds(properties, bounds.properties, bounds.depth);
    const sentence =
        beyond === "size"
            ? `qProp has more than ${bounds.properties} characters`
            : beyond === "depth"
              ? `qProp nests deeper than ${bounds.depth}`
              : typeof qTitle === "string" && qTitle.length > bounds.title
                ? `qProp.qTitle has ${qTitle.length} characters, more than ${bounds.title}`
                : undefined;
    if (sentence) {
        throw new QixError(ErrorCode.invalidParameters, sentence, "Invalid Params");
    }
}

/** The session's document, if the user may do this to it. */
function permitted({ session }: CallContext, action: Action, toDoWhat: string): OpenDocument {
    const { document, access } = session;
    if (!document) {
        throw noActiveDocument();
    }
    access.demand(action, appResource(document.id, document.title, document.content.owner), toDoWhat);
    return document;
}

function fetchLimit({ session }: CallContext, isDebug: boolean): number | undefined {
    return (isDebug && session.reloadSettings.fetchLimit) || undefined;
}

/** The same on every engine that shows the same version: clients compare them. */
function appLayout(document: OpenDocument): object {
    const { owner, created, modified, lastReloadTime, properties, data } = document.content;
    return {
        ...properties,
        qTitle: document.title,
        qFileName: document.id,
        qLastReloadTime: lastReloadTime,
        qModified: document.hasUnsavedChanges,
        qHasScript: true,
        qStateNames: [],
        qMeta: { owner, createdDate: created, modifiedDate: modified, published: false },
        qHasData: data.tables.length > 0,
        qReadOnly: false,
        qThumbnail: properties.qThumbnail ?? {},
    };
}
