import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { startAttacker } from "../../../bench/attackerProcess";
import { attacks } from "../../../bench/attacks";
import { cleanUp, startEngine, temporaryDirectory } from "../../../engine/test/engineProcess";

describe("an attacker", function () {
    this.timeout(120_000);
    afterEach(cleanUp);

    it("says so when it has attacked", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const attacker = startAttacker(engine.url, 0);
        await attacker.began.finally(() => attacker.stop());
    });

    it("is no attack where nobody listens, whichever it is", async () => {
        const server = createServer().listen(0, "127.0.0.1");
        await once(server, "listening");
        const { port } = server.address() as AddressInfo;
        server.close();
        await once(server, "close");
        const attackers = attacks.map((_, index) => startAttacker(`ws://127.0.0.1:${port}`, index, 15));
        const outcomes = await Promise.all(attackers.map(({ began }) => began.catch((error: Error) => error.message)));
        await Promise.all(attackers.map((attacker) => attacker.stop()));
        for (const outcome of outcomes) expect(outcome).to.match(/did not begin in 15 s: .*(ECONNREFUSED|opened)/s);
    });
});
