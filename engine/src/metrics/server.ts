import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Engine } from "../engine";
import type { MessageCounts } from "../log";
import { contentType, expose } from "./exposition";
import { families } from "./families";
import { Histogram } from "./histogram";

// Those of the real engine, as recorded of 12.138.0.
const millisecondsBounds = [1, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560];

/** The metrics' port: one of its own, so that whoever may use the engine need not see them. */
export class MetricsServer {
    readonly #scrapes = { bytes: 0, milliseconds: new Histogram(millisecondsBounds) };
    readonly #http = createServer((request, response) => this.#answer(request, response));

    constructor(
        private readonly engine: Engine,
        private readonly messages: MessageCounts,
    ) {}

    /** @param address all of the machine's if empty. @returns the port, chosen by the system if 0 was asked for. */
    async listen(port: number, address: string): Promise<number> {
        this.#http.listen(port, address || undefined);
        await once(this.#http, "listening");
        this.#http.on("error", (error) => this.engine.log.error(`Metrics: ${error.message}`));
        return (this.#http.address() as AddressInfo).port;
    }

    #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
        if (method !== "GET" || url?.replace(/\?.*$/s, "") !== "/metrics") {
            response.writeHead(404).end();
            return;
        }
        const started = performance.now();
        const body = Buffer.from(expose(families(this.engine, this.messages, this.#scrapes)));
        response.once("finish", () => {
            this.#scrapes.bytes += body.length;
            this.#scrapes.milliseconds.observe(performance.now() - started);
        });
        response.writeHead(200, { "content-type": contentType }).end(body);
    }
}
