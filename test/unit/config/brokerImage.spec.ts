import { refuses, takes } from "./refusals";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("brokerImage", () => {
    describe("is the name of an image:", () => {
        refuses("brokerImage", "must be the name of an image, as registry.example.com/engine:1.0", [
            "",
            "rabbitmq:",
            "RabbitMQ:4.3",
            "https://rabbitmq:4.3",
            "rabbitmq:4.3 ",
            "rabbitmq@4.3",
        ]);
    });

    describe("has a version:", () => {
        const latest =
            "must name a version by its tag or digest, as docker.io/library/rabbitmq:4.3, since the latest one changes by itself";
        refuses("brokerImage", latest, [
            ...["rabbitmq", "rabbitmq:latest", "docker.io/library/rabbitmq", "localhost:5000/rabbitmq", "redis"],
            ...["registry.example.com:5000/a/rabbitmq:latest", "bitnami/rabbitmq:latest"],
        ]);
    });

    describe("is none of the versions that the broker's configuration isn't for:", () => {
        const versions = [
            ...["3", "3.8", "3.13", "3.13.7", "3.8-management", "3-management-alpine", "v3.12", "3.8.0-rc.1"],
            ...["2.8", "0.1", "1"],
            ...["4", "4-management", "4.4", "4.10", "4.30", "4.123", "4.4.0-rc.1", "v4.4", "v4", "4_x", "4.4-alpine"],
            ...["5", "5.0", "5.0.1", "7", "9.9", "10.0", "12.4", "41.3"],
        ];
        refuses(
            "brokerImage",
            "must be RabbitMQ 4.0 to 4.3 by its tag, as docker.io/library/rabbitmq:4.3",
            versions
                .map((version) => `rabbitmq:${version}`)
                .concat("redis:7", "redis:7.2", "registry.example.com:5000/rabbitmq:3.8", `rabbitmq:3.8@${digest}`),
        );
    });

    describe("takes", () => {
        takes("brokerImage", [
            ...[
                "4.0",
                "4.1",
                "4.2",
                "4.3",
                "4.3.1",
                "4.0.0",
                "v4.3",
                "4.3-management",
                "4.3.1-management-alpine",
                "4.2.0-rc.1",
            ].map((version) => `rabbitmq:${version}`),
            // What can't be known.
            ...[`rabbitmq@${digest}`, `rabbitmq:latest@${digest}`, `rabbitmq:4.2@${digest}`],
            ...["localhost/document-sync/broker:dev"],
            ...["rabbitmq:management", "rabbitmq:stable", "rabbitmq:2026-11-27", "rabbitmq:20261127.1"],
            ...["rabbitmq:1a2b3c4", "broker:57"],
        ]);
    });
});
