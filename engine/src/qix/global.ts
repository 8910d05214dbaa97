import { randomUUID } from "node:crypto";
import { accountName, appResource, type Access } from "../access/access";
import { bounds } from "../documents/bounds";
import type { OpenDocument } from "../documents/openDocument";
import type { ListedVersion } from "../documents/store";
import type { Session } from "../sessions/session";
import { engineVersion } from "../version";
import { emptyScript } from "./emptyScript";
import { ErrorCode, QixError, appNotFound, noActiveDocument } from "./errors";
import { type Method, method } from "./method";
import { progressOf } from "./reload";
import { writing } from "./storeErrors";

const unixEpochInSerialDays = 25569;
const millisecondsADay = 86_400_000;

/** Methods of handle -1. */
export const globalMethods: Record<string, Method> = {
    OpenDoc: method({ qDocName: "" }, async ({ engine, session, connection }, { qDocName }) => {
        const document = await engine.room.open(
            qDocName,
            engine.library.find(qDocName)?.size,
            () => session.open(qDocName),
            () => session.documentClosed(),
        );
        return { qReturn: connection.documentInterface(document, "open") };
    }),

    GetActiveDoc: method({}, ({ session, connection }) => {
        if (!session.document) {
            throw noActiveDocument();
        }
        return { qReturn: connection.documentInterface(session.document, "get") };
    }),

    CreateApp: method(
        { qAppName: "", qLocalizedScriptMainSection: "" },
        async ({ engine, session }, { qAppName, qLocalizedScriptMainSection }) => {
            if (!qAppName.trim()) {
                throw new QixError(ErrorCode.invalidName, "The app needs a name", "Invalid name");
            }
            if (qAppName.length > bounds.title) {
                const sentence = `The app's name has ${qAppName.length} characters, more than ${bounds.title}`;
                throw new QixError(ErrorCode.invalidName, sentence, "Invalid name");
            }
            const owner = accountName(session.access.user);
            session.access.demandOnNode("create", "create app");
            session.access.demand("create", appResource(undefined, qAppName, owner), "create app");
            const now = new Date().toISOString();
            const content = {
                owner,
                created: now,
                modified: now,
                script: emptyScript(qLocalizedScriptMainSection),
                lastReloadTime: "",
                properties: { qTitle: qAppName, qThumbnail: {} },
                data: { tables: [], fieldComments: {}, variables: {} },
            };
            const { id } = await writing(ErrorCode.createFailed, "Create failed", () => engine.library.create(content));
            return { qSuccess: true, qAppId: id };
        },
    ),

    DeleteApp: method({ qAppId: "" }, async ({ engine, session }, { qAppId }) => {
        session.access.demandOnNode("delete", "delete app");
        session.access.demand("delete", resourceOf(await engine.library.describe(qAppId)), "delete app");
        await writing(ErrorCode.deleteFailed, "Delete failed", () => engine.library.delete(qAppId));
        return { qSuccess: true };
    }),

    GetDocList: method({}, ({ engine, session }) => {
        session.access.demandOnNode("read", "get doc list");
        return { qDocList: readable(engine.library.list(), session.access).map(toDocListEntry) };
    }),

    GetAppEntry: method({ qAppID: "" }, ({ engine, session }, { qAppID }) => {
        session.access.demandOnNode("read", "get app entry");
        const listed = engine.library.find(qAppID);
        if (!listed || !session.access.allows("read", resourceOf(listed))) {
            throw appNotFound();
        }
        return {
            qEntry: {
                qID: listed.id,
                qTitle: listed.title,
                qPath: listed.id,
                qLastReloadTime: listed.lastReloadTime,
                qReadOnly: false,
                qMeta: {},
                qThumbnail: thumbnailOf(listed),
                qFileSize: listed.size,
            },
        };
    }),

    EngineVersion: method({}, () => ({ qVersion: { qComponentVersion: engineVersion } })),

    GetAuthenticatedUser: method({}, ({ session }) => {
        const { directory, id } = session.access.user;
        return { qReturn: `UserDirectory=${directory}; UserId=${id}` };
    }),

    AllowCreateApp: method({}, ({ session }) => {
        const { access } = session;
        const resource = appResource(undefined, "", accountName(access.user));
        return { qReturn: access.allowsOnNode("create") && access.allows("create", resource) };
    }),

    GetUniqueID: method({}, () => ({ qUniqueID: randomUUID() })),

    GetProgress: method({ qRequestId: 0 }, ({ session: { access, document } }) => ({
        qProgressData: progressOf(document?.reload, !document || mayFollowReload(access, document)),
    })),

    ConfigureReload: method(
        { qCancelOnScriptError: false, qUseErrorData: false, qInteractOnError: false },
        ({ session }, { qUseErrorData }) => {
            demandReload(session, "configure reload");
            session.reloadSettings.useErrorData = qUseErrorData;
            return {};
        },
    ),

    CancelReload: method({}, ({ session }) => {
        demandReload(session, "cancel reload");
        session.document?.reload?.abort.abort();
        return {};
    }),

    CancelRequest: method({ qRequestId: 0 }, () => ({})),
    AbortRequest: method({ qRequestId: 0 }, () => ({})),
    AbortAll: method({}, () => ({})),
};

function resourceOf(listed: ListedVersion) {
    return appResource(listed.id, listed.title, listed.owner);
}

/** The running reload may be another session's. Without a document there is none to protect. */
function demandReload({ access, document }: Session, toDoWhat: string): void {
    access.demandOnNode("reload", toDoWhat);
    if (document) {
        access.demand("reload", appResource(document.id, document.title, document.content.owner), toDoWhat);
    }
}

/** Lines and errors of a reload show its script, and some of its data. */
function mayFollowReload(access: Access, { id, title, content }: OpenDocument): boolean {
    const resource = appResource(id, title, content.owner);
    return access.allows("reload", resource) && access.allows("read", resource);
}

function readable(documents: readonly ListedVersion[], access: Access): readonly ListedVersion[] {
    return documents.filter((listed) => access.allows("read", resourceOf(listed)));
}

function toDocListEntry(listed: ListedVersion): object {
    const qTitle = listed.title;
    return {
        qDocName: qTitle,
        qConnectedUsers: 0,
        qFileTime: Date.parse(listed.modified) / millisecondsADay + unixEpochInSerialDays,
        qFileSize: listed.size,
        qDocId: listed.id,
        qMeta: {},
        qLastReloadTime: listed.lastReloadTime,
        qReadOnly: false,
        qTitle,
        qThumbnail: thumbnailOf(listed),
    };
}

/** What it is in the answer. In memory it is no more than its JSON until it is written, one after the other. */
function thumbnailOf({ thumbnail }: ListedVersion): object {
    return { toJSON: () => JSON.parse(thumbnail) as unknown };
}
