import type { Engine } from "../../scenario/engines";
import { openSession, type Global } from "../../scenario/qix";
import { readPulumi } from "../../local/stack/pulumi/run";
import type { Outputs } from "../../local/stack/stacks";

/** A saved document as an engine tells of it. */
export interface SavedDocument {
    readonly name: string;
    readonly script: string;
}

/** Works in a session of its own: a session opens one document. */
async function inSession<T>(engine: Engine, work: (global: Global) => Promise<T>): Promise<T> {
    const session = await openSession(engine);
    try {
        return await work(session.global);
    } finally {
        await session.close();
    }
}

function save(engine: Engine, name: string, script: string): Promise<void> {
    return inSession(engine, async (global) => {
        const { qAppId } = await global.createApp(name);
        const document = await global.openDoc(qAppId);
        await document.setScript(script);
        await document.doSave();
    });
}

/** All documents that an engine has, each opened. */
async function list(engine: Engine): Promise<SavedDocument[]> {
    const listed = await inSession(engine, (global) => global.getDocList());
    const open = ({ qDocId, qDocName }: { qDocId: string; qDocName: string }) =>
        inSession(engine, async (global) => ({
            name: qDocName,
            script: await (await global.openDoc(qDocId)).getScript(),
        }));
    return Promise.all(listed.map(open));
}

/**
 * The dev stack's documents, by a client of its engines, for tests on a machine of their own:
 *
 *     documents.ts save NAME SCRIPT     by engine 1
 *     documents.ts list                 prints JSON, {@link SavedDocument}[] by each of the two
 */
async function main([command, ...args]: readonly string[]): Promise<void> {
    const { engine1Url, engine2Url } = JSON.parse(
        readPulumi(["stack", "output", "--json", "--stack", "dev"]),
    ) as Outputs;
    const engines: Engine[] = [
        { key: "engine1Url", url: engine1Url },
        { key: "engine2Url", url: engine2Url },
    ];
    if (command === "save") await save(engines[0], args[0], args[1]);
    else console.log(JSON.stringify(await Promise.all(engines.map(list))));
}

main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
