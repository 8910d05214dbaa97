import { createRequire } from "node:module";
import enigma from "enigma.js";
import WebSocket from "ws";

const schema = createRequire(__filename)("enigma.js/schemas/12.20.0.json") as object;

/** What enigma.js makes of handle -1, as far as the tests use it. */
export interface GlobalApi {
    createApp(name: string, mainSection?: string): Promise<{ qSuccess: boolean; qAppId: string }>;
    openDoc(id: string): Promise<DocApi>;
    getActiveDoc(): Promise<DocApi>;
    getDocList(): Promise<DocListEntry[]>;
    getAppEntry(id: string): Promise<AppEntry>;
    deleteApp(id: string): Promise<boolean>;
    engineVersion(): Promise<{ qComponentVersion: string }>;
    getAuthenticatedUser(): Promise<string>;
    allowCreateApp(): Promise<boolean>;
    getUniqueID(): Promise<string>;
    productVersion(): Promise<string>;
    getProgress(requestId: number): Promise<Progress>;
    configureReload(cancelOnError: boolean, useErrorData: boolean, interactOnError: boolean): Promise<void>;
    cancelReload(): Promise<void>;
}

/** What enigma.js makes of a document's handle. */
export interface DocApi {
    readonly handle: number;
    readonly id: string;
    on(event: "changed" | "closed", listener: () => void): void;
    getAppLayout(): Promise<AppLayout>;
    getAppProperties(): Promise<Record<string, unknown>>;
    setAppProperties(properties: Record<string, unknown>): Promise<void>;
    getScript(): Promise<string>;
    getEmptyScript(mainSection?: string): Promise<string>;
    setScript(script: string): Promise<void>;
    checkScriptSyntax(): Promise<{ qTextPos: number; qLineInTab: number; qTabIx: number }[]>;
    doReload(mode?: number, partial?: boolean, debug?: boolean): Promise<boolean>;
    setFetchLimit(rows: number): Promise<void>;
    doSave(): Promise<void>;
    getTablesAndKeys(
        window: object,
        nulls: object,
        height: number,
        synthetic: boolean,
        system: boolean,
    ): Promise<Tables>;
}

export interface AppLayout {
    readonly qTitle: string;
    readonly qFileName: string;
    readonly qLastReloadTime: string;
    readonly qModified: boolean;
    readonly qHasData: boolean;
}

export interface DocListEntry {
    readonly qDocId: string;
    readonly qDocName: string;
    readonly qTitle: string;
    readonly qLastReloadTime: string;
    readonly qFileTime: number;
    readonly qFileSize: number;
    readonly qMeta: object;
}

export interface AppEntry {
    readonly qID: string;
    readonly qTitle: string;
    readonly qLastReloadTime: string;
    readonly qFileSize: number;
}

export interface Progress {
    readonly qFinished: boolean;
    readonly qPersistentProgress?: string;
    readonly qErrorData: { qErrorString: string; qErrorDataCode: string; qLine: string }[];
}

export interface Tables {
    readonly qtr: { qName: string; qNoOfRows: number; qFields: { qName: string; qTags: string[] }[] }[];
    readonly qk: { qKeyFields: string[]; qTables: string[] }[];
}

export interface ClientSession {
    readonly global: GlobalApi;
    /** How the engine greeted. */
    readonly state: string;
    readonly close: () => Promise<void>;
}

// The package `ws` is what enigma.js documents for node; its types ask for the browser's class.
const createSocket = (url: string) => new WebSocket(url) as unknown as globalThis.WebSocket;
const openSessions = new Set<ClientSession>();
let lastIdentity = 0;

/** Opens a session with enigma.js; every call gets a session of its own unless it names a path. */
export async function connect(engine: { url: string }, path?: string): Promise<ClientSession> {
    const url = engine.url + (path ?? `/app/engineData/identity/${process.pid}-${++lastIdentity}`);
    const session = enigma.create({ schema, url, createSocket });
    const greeting = new Promise<string>((resolve) =>
        session.on("notification:OnConnected", (params: { qSessionState: string }) => resolve(params.qSessionState)),
    );
    const global = (await session.open()) as unknown as GlobalApi;
    const connected = {
        global,
        state: await greeting,
        close: async () => {
            openSessions.delete(connected);
            await session.close();
        },
    };
    openSessions.add(connected);
    return connected;
}

export async function closeSessions(): Promise<void> {
    await Promise.all([...openSessions].map((session) => session.close().catch(() => undefined)));
}

/** The ids of the documents that an engine lists to a session of its own. */
export async function listedIds(engine: { url: string }): Promise<string[]> {
    const { global, close } = await connect(engine);
    const list = await global.getDocList();
    await close();
    return list.map((entry) => entry.qDocId);
}

/** The error that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: number; parameter: string; message: string }> {
    return call.then(
        (answer) => {
            throw new Error(`Expected a refusal, got ${JSON.stringify(answer)}.`);
        },
        (error: Error & { code?: number; parameter?: string }) => {
            if (error.code === undefined) {
                throw error;
            }
            return { code: error.code, parameter: error.parameter ?? "", message: error.message };
        },
    );
}
