import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { globalMethods } from "../../src/qix/global";
import { method } from "../../src/qix/method";
import { ErrorCode, QixError } from "../../src/qix/errors";
import { ClientConnection } from "../../src/sessions/clientConnection";
import { Message } from "../../src/sessions/message";
import { parseRequest } from "../../src/sessions/request";
import { cleanUp, startSmallEngine, temporaryDirectory } from "../engineProcess";
import { RawSocket } from "../socket";

const mebibyte = 1024 * 1024;
const junk = (objects: number) => `[${Array<string>(objects).fill("{}").join(",")}]`;
const parse = (text: string) => parseRequest(Buffer.from(text));
const tooMany = "The message has more than 524288 values";

// Kept as an engine keeps them: what waits for a promise that nobody keeps is garbage itself.
const unsettled: ((value: object) => void)[] = [];
const pending = () => new Promise<object>((resolve) => unsettled.push(resolve));

/** Whatever it is answered never leaves. */
function connectionThatIsNotRead(): ClientConnection {
    const socket = { isEvicted: false, address: "", send: pending };
    const session = { connections: new Set(), access: { user: { directory: "d", id: "u" } } };
    const requests = { begin: () => () => undefined };
    const engine = { requests, countCall: () => undefined, library: {}, audit: {}, log: {} };
    return new ClientConnection(socket as never, session as never, engine as never);
}

function collectGarbage(): void {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
}

describe("what a message takes once it is parsed", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    it("is bounded before it is parsed: 16 MiB of empty objects took 242 MB, and eight of them 1 GB", async () => {
        const engine = await startSmallEngine(await temporaryDirectory(), 96);
        const message = `{"id":1,"method":"EngineVersion","handle":-1,"params":${junk(5 * mebibyte)}}`;
        for (let index = 0; index < 8; index++) {
            const socket = await RawSocket.open(engine, `/app/${index}`);
            const answer = await socket.requestText(message, null);
            expect(answer.error).to.deep.equal({ code: -32600, parameter: tooMany, message: "Invalid Request" });
        }
        expect(engine.child.exitCode).to.equal(null);
    });

    for (const [when, outcome] of [
        ["while a call takes long", pending],
        ["while its answer is not read", () => Promise.resolve({ qReturn: true })],
    ] as const) {
        it(`is not kept ${when}: five unread answers took 1 GB`, async () => {
            let parameters: WeakRef<object> | undefined;
            globalMethods.Slow = (_context, given) => {
                parameters = new WeakRef(given as object);
                return outcome();
            };
            const connection = connectionThatIsNotRead();
            const slow = () => new Message(Buffer.from('{"id":1,"method":"Slow","handle":-1,"params":[{}]}'));
            void connection.receive(slow());
            void connection.receive(slow());
            await nextTurn();
            collectGarbage();
            await nextTurn();
            delete globalMethods.Slow;
            expect(parameters).to.be.instanceOf(WeakRef);
            expect(unsettled).not.to.have.length(0);
            expect(parameters?.deref()).to.equal(undefined);
        });
    }

    it("is what the method declares: of an object with members no others reach the call", async () => {
        const echo = method({ qParams: { qDebug: false }, qAny: {} }, (_context, parameters) => parameters);
        const call = (params: unknown) => echo(undefined as never, params);
        expect(await call([{ qDebug: true, more: [1, 2] }, { any: 1 }, 3])).to.deep.equal({
            qParams: { qDebug: true },
            qAny: { any: 1 },
        });
        expect(await call({ qParams: {}, more: 1 })).to.deep.equal({ qParams: { qDebug: false }, qAny: {} });
        const wrong = await call([{ qDebug: "yes" }]).catch((error: unknown) => error);
        expect(wrong).to.be.instanceOf(QixError).and.to.have.property("code", ErrorCode.invalidParameters);
    });

    it("is counted outside of texts alone", () => {
        const text = JSON.stringify(`${'[{,"\\'.repeat(300_000)}`);
        expect(parse(`{"id":1,"method":"SetScript","params":[${text}]}`)).to.have.property("method", "SetScript");
        const most = `{"method":"x","params":[${"0,".repeat(524_288 - 4)}0]}`;
        expect(parse(most)).to.have.property("method", "x");
        expect(parse(most.replace("0,", "0,0,0,")))
            .to.be.instanceOf(QixError)
            .and.to.have.property("parameter", tooMany);
        expect(parse(`{"method":"${"x".repeat(600_000)}`)).to.have.property("code", ErrorCode.parseError);
    });

    it("keeps no long id until the answer has left", () => {
        const withId = (length: number) => parse(JSON.stringify({ id: "x".repeat(length), method: "EngineVersion" }));
        expect(withId(4_096)).to.have.property("method");
        expect(withId(4_097)).to.include({
            code: ErrorCode.invalidRequest,
            parameter: "The id has more than 4096 characters",
        });
    });
});
