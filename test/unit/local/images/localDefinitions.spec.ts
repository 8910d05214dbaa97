import { expect } from "chai";
import { definitions } from "../../../../components/brokerDefinitions";
import { localDefinitions } from "../../../../local/artifacts/images/localDefinitions";

interface Definitions {
    readonly users: { name: string }[];
    readonly permissions: { user: string }[];
}

describe("what a local broker imports", () => {
    const engine = { username: "engine", password: "p" };
    const parse = (text: string) => JSON.parse(text) as Definitions;

    it("is what the program's broker does, but for the salt of the password", () => {
        const { users, ...local } = parse(localDefinitions(engine));
        const { users: theirUsers, ...theirs } = parse(definitions(engine.username, engine.password, "01020304"));
        expect(local).to.deep.equal(theirs);
        expect(users.map(({ name }) => name)).to.deep.equal(theirUsers.map(({ name }) => name));
    });

    it("gives an operator everything, and the engines' user no more than without one", () => {
        const { users, permissions } = parse(localDefinitions(engine, { username: "operator", password: "o" }));
        expect(users.map(({ name }) => name)).to.deep.equal(["engine", "operator"]);
        expect(permissions).to.deep.equal([
            ...parse(localDefinitions(engine)).permissions,
            { user: "operator", vhost: "/", configure: ".*", write: ".*", read: ".*" },
        ]);
    });
});
