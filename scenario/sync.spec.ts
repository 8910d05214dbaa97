import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, expectHealth, findEngines, nameOf } from "./engines";
import { eventually } from "./eventually";
import { type Doc, type Session, openSession } from "./qix";

const script = readFileSync(join(__dirname, "load.qvs"), "utf8");

const broker =
    "Engines learn of each other's changes through the broker (RabbitMQ) alone: is it up, and are both connected to it?";

describe("a change on one engine is seen on the other", function () {
    this.bail(true);
    this.timeout("60s");

    let engine1: Engine;
    let engine2: Engine;
    /** Open ones; closed in the end, whatever happens. */
    const sessions = new Set<Session>();
    /** Ids of the documents that were made; deleted in the end, whatever happens. */
    const made: string[] = [];

    async function open(engine: Engine, identity?: string): Promise<Session> {
        const session = await openSession(engine, identity);
        sessions.add(session);
        return session;
    }

    async function close(session: Session): Promise<void> {
        sessions.delete(session);
        await session.close();
    }

    /** Makes a document that nobody else has, and leaves it closed. */
    async function makeDocument(engine: Engine): Promise<{ id: string; name: string }> {
        const name = `scenario-${randomUUID()}`;
        const session = await open(engine);
        const { qSuccess, qAppId } = await session.global.createApp(name);
        expect(qSuccess, `qSuccess of CreateApp on ${nameOf(engine)}`).to.equal(true);
        made.push(qAppId);
        await close(session);
        return { id: qAppId, name };
    }

    /** Reloads; a script that fails is no error of DoReload's. */
    async function reload({ global }: Session, doc: Doc): Promise<void> {
        await global.configureReload(true, true, false);
        if (!(await doc.doReload())) {
            const { qErrorData = [] } = await global.getProgress(0);
            const words = qErrorData.map(({ qErrorString, qLine }) => [qErrorString, qLine].filter(Boolean).join(": "));
            throw new Error(
                `DoReload on ${nameOf(engine2)}: the script failed: ${words.join("; ") || "no reason is given"}`,
            );
        }
    }

    before("two engines that answer", async () => {
        [engine1, engine2] = await findEngines();
        await Promise.all([expectHealth(engine1), expectHealth(engine2)]);
    });

    after("nothing is left behind", async () => {
        const failures: string[] = [];
        const tell = (error: Error) => failures.push(error.message);
        await Promise.all([...sessions].map((session) => close(session).catch(tell)));
        if (made.length > 0) {
            const session = await openSession(engine1).catch(() => openSession(engine2));
            for (const id of made) {
                await session.global
                    .deleteApp(id)
                    .catch((error: Error) => tell(new Error(`document ${id}: ${error.message}`)));
            }
            await session.close();
        }
        expect(failures, "what could not be closed or deleted").to.deep.equal([]);
    });

    let document: { id: string; name: string };
    let onEngine1: Doc;
    let onEngine2: Doc;
    let sessionOnEngine2: Session;
    let firstReload: string | undefined;

    it("1. a document is made on engine 1", async () => {
        document = await makeDocument(engine1);
    });

    it("2. it is opened on engine 2", async () => {
        sessionOnEngine2 = await open(engine2);
        onEngine2 = await sessionOnEngine2.global.openDoc(document.id);
        expect((await onEngine2.getAppLayout()).qTitle, "its title").to.equal(document.name);
    });

    it("3. it gets a load script, is reloaded and saved on engine 2", async () => {
        await onEngine2.setScript(script);
        await reload(sessionOnEngine2, onEngine2);
        await onEngine2.doSave();
        firstReload = (await onEngine2.getAppLayout()).qLastReloadTime;
        expect(firstReload, "time of the reload").to.be.a("string").that.is.not.empty;
    });

    it("4. it is opened on engine 1, and was reloaded there too", async () => {
        const session = await open(engine1);
        onEngine1 = await session.global.openDoc(document.id);
        expect((await onEngine1.getAppLayout()).qLastReloadTime, "time of the reload").to.equal(firstReload);
        expect(await onEngine1.getScript(), "its load script").to.equal(script);
    });

    let second: { id: string; name: string };

    it("5. another document that is made on engine 1 is in engine 2's list", async () => {
        second = await makeDocument(engine1);
        const lister = await open(engine2);
        await eventually({
            what: `document ${second.name} is in GetDocList on ${nameOf(engine2)}`,
            within: 10,
            read: async () => (await lister.global.getDocList()).map(({ qDocName }) => qDocName),
            until: (names) => names.includes(second.name),
            needs: broker,
        });
        await close(lister);
    });

    it("6. the two engines are two", async () => {
        // Not by counting sessions: others may work on these engines meanwhile.
        const identity = randomUUID();
        const session = await open(engine1, identity);
        const again = await open(engine1, identity);
        const other = await open(engine2, identity);
        expect(again.attached, `the session is found again on ${nameOf(engine1)}, where it was opened`).to.equal(true);
        expect(other.attached, `the session is found on ${nameOf(engine2)}, where it was not opened`).to.equal(false);

        const unsaved = "// Never saved.";
        await (await session.global.openDoc(second.id)).setScript(unsaved);
        const seen = await (await other.global.openDoc(second.id)).getScript();
        expect(seen, `script on ${nameOf(engine2)} of a change that was not saved on ${nameOf(engine1)}`).not.to.equal(
            unsaved,
        );
        for (const opened of [session, again, other]) await close(opened);
    });

    it("7. a session that stayed open on engine 1 is told within 2 s of a save on engine 2", async () => {
        let timesTold = 0;
        onEngine1.on("changed", () => timesTold++);
        await reload(sessionOnEngine2, onEngine2);
        expect(timesTold, `changes told on ${nameOf(engine1)} before the save on ${nameOf(engine2)}`).to.equal(0);
        await onEngine2.doSave();
        await eventually({
            what: `the session that stayed open on ${nameOf(engine1)} is told of the save on ${nameOf(engine2)}`,
            within: 2,
            read: () => ({ timesTold }),
            until: (seen) => seen.timesTold > 0,
            needs: broker,
        });
        const { qLastReloadTime: secondReload } = await onEngine2.getAppLayout();
        expect(secondReload, "time of the second reload").not.to.equal(firstReload);
        expect((await onEngine1.getAppLayout()).qLastReloadTime, "time of the reload in the open session").to.equal(
            secondReload,
        );
    });
});
