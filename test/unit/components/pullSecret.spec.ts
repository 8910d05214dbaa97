import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { PullSecret } from "../../../components/pullSecret";
import { inputsOf, installMocks, settled, unwrapSecret, valueOf } from "../mocks";

describe("PullSecret", () => {
    it("is Docker's configuration file for Docker Hub, under a name that is known", async () => {
        await installMocks();
        const secret = new PullSecret("dockerhub", {
            namespace: "ns",
            username: "someone",
            password: pulumi.secret("hunter2"),
            email: "someone@example.com",
        });
        await settled(secret);

        const { metadata, type, stringData } = inputsOf("Secret", "dockerhub");
        expect(metadata).to.include({ namespace: "ns", name: "dockerhub" });
        expect(type).to.equal("kubernetes.io/dockerconfigjson");
        const data = unwrapSecret(stringData) as Record<string, string>;
        expect(JSON.parse(data[".dockerconfigjson"])).to.deep.equal({
            auths: {
                "https://index.docker.io/v1/": {
                    username: "someone",
                    password: "hunter2",
                    email: "someone@example.com",
                    auth: Buffer.from("someone:hunter2").toString("base64"),
                },
            },
        });
        expect(await valueOf(secret.secretName)).to.equal("dockerhub");
    });
});
