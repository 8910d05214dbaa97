import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { FlagError, parseFlags } from "../src/flags";
import { TestBroker, freePort } from "./broker";
import { type EngineProcess, cleanUp, health, spawnEngine, startEngine, temporaryDirectory } from "./engineProcess";
import { type Metrics, metricsUrl, parse, scrape } from "./metricsPort";
import { connect, refusal } from "./qixClient";
import { until } from "./until";

/** Asks again until `check` is true. @returns the metrics as they are then. */
async function scrapeUntil(
    what: string,
    engine: EngineProcess,
    check: (samples: Metrics["samples"]) => boolean,
    seconds?: number,
): Promise<Metrics> {
    const look = async () => {
        const metrics = await scrape(engine);
        return check(metrics.samples) ? metrics : undefined;
    };
    return until(what, look, seconds);
}

function bounds({ samples }: Metrics, name: string, labels = ""): string[] {
    const prefix = `${name}_bucket{${labels}le="`;
    return Object.keys(samples).flatMap((series) =>
        series.startsWith(prefix) ? [series.slice(prefix.length, -'"}'.length)] : [],
    );
}

describe("the metrics", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    it("have the real engine's names, types, labels and bounds, and nothing else under its prefix", async () => {
        const engine = await startEngine(await temporaryDirectory());
        await health(engine, "/healthcheck");
        const answered = 'http_request_duration_seconds_count{method="GET",path="/healthcheck",status_code="200"}';
        const metrics = await scrapeUntil("health's answer is counted", engine, (samples) => samples[answered] === 1);
        expect(metrics.types).to.deep.equal({
            exposer_bytes_transferred: "counter",
            exposer_total_scrapes: "counter",
            exposer_request_latencies: "histogram",
            qix_active_sessions: "gauge",
            qix_active_documents: "gauge",
            qix_active_requests: "gauge",
            qix_active_reloads: "gauge",
            qix_sessions_total: "counter",
            qix_documents_total: "counter",
            qix_requests_total: "counter",
            qix_log_message_total: "counter",
            qix_request_duration_seconds: "histogram",
            qix_reloads_duration_seconds: "histogram",
            http_response_size_bytes: "histogram",
            http_request_duration_seconds: "histogram",
            qix_build_info: "counter",
            document_sync_stand_in_info: "gauge",
            document_sync_documents: "gauge",
            document_sync_refusals_total: "counter",
            document_sync_pending_bytes: "gauge",
            document_sync_unread_bytes: "gauge",
            document_sync_unsaved_bytes: "gauge",
            document_sync_open_bytes: "gauge",
        });
        expect(metrics.samples).to.include({
            'qix_documents_total{status="ok"}': 0,
            'qix_documents_total{status="corrupt"}': 0,
            'qix_documents_total{status="fail"}': 0,
            'qix_log_message_total{level="notice"}': 0,
            'qix_reloads_duration_seconds_count{status="ok"}': 0,
            'qix_reloads_duration_seconds_count{status="fail"}': 0,
            'qix_build_info{revision="12.160.0"}': 1,
            'qix_build_info{version="12.160.0.0"}': 1,
            'qix_build_info{os="linux"}': 1,
        });
        const request = "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf".split(" ");
        const reload = "5 10 25 50 100 225 450 900 1800 3600 +Inf".split(" ");
        const health200 = 'method="GET",path="/healthcheck",status_code="200",';
        expect(bounds(metrics, "qix_request_duration_seconds")).to.deep.equal(request);
        expect(bounds(metrics, "http_request_duration_seconds", health200)).to.deep.equal(request);
        expect(bounds(metrics, "qix_reloads_duration_seconds", 'status="ok",')).to.deep.equal(reload);
        expect(bounds(metrics, "qix_reloads_duration_seconds", 'status="fail",')).to.deep.equal(reload);
    });

    it("count sessions, documents and requests", async () => {
        const directory = await temporaryDirectory();
        const engine = await startEngine(directory);
        const session = await connect(engine);
        const id = (await session.global.createApp("A")).qAppId;
        expect((await scrape(engine)).samples).to.include({
            qix_active_sessions: 1,
            qix_active_documents: 0,
            document_sync_documents: 1,
        });
        await session.global.openDoc(id);
        const second = await connect(engine);
        await second.global.openDoc(id);
        const requests = 3;
        const isAnswered = (samples: Metrics["samples"]) => samples["qix_active_requests"] === 0;
        const { samples: opened } = await scrapeUntil("all requests are answered", engine, isAnswered);
        expect(opened).to.include({
            qix_active_sessions: 2,
            qix_sessions_total: 2,
            qix_active_documents: 1,
            'qix_documents_total{status="ok"}': 1,
            qix_requests_total: requests,
            qix_request_duration_seconds_count: requests,
            'qix_request_duration_seconds_bucket{le="+Inf"}': requests,
        });
        expect(opened["qix_request_duration_seconds_sum"]).to.be.greaterThan(0);
        await session.close();
        await second.close();
        const haveEnded = (samples: Metrics["samples"]) => samples["qix_active_sessions"] === 0;
        const { samples: closed } = await scrapeUntil("the sessions have ended", engine, haveEnded);
        expect(closed).to.include({ qix_sessions_total: 2, qix_active_documents: 0, document_sync_documents: 1 });
    });

    it("tell documents that can't be understood from those that can't be had", async () => {
        const directory = await temporaryDirectory();
        const engine = await startEngine(directory);
        const { global } = await connect(engine);
        const id = (await global.createApp("Damaged")).qAppId;
        const [file] = await readdir(join(directory, id));
        await writeFile(join(directory, id, file!), "not a document");
        await refusal(global.openDoc(id));
        await refusal(global.openDoc("00000000-0000-4000-8000-000000000000"));
        await refusal(global.openDoc("00000000-0000-4000-8000-000000000001"));
        expect((await scrape(engine)).samples).to.include({
            'qix_documents_total{status="ok"}': 0,
            'qix_documents_total{status="corrupt"}': 1,
            'qix_documents_total{status="fail"}': 2,
        });
    });

    it("count reloads by how they end, and those that are running, with the requests that wait for them", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { global } = await connect(engine);
        const app = await global.openDoc((await global.createApp("Reloaded")).qAppId);
        await app.setScript("T: Load RecNo() as N Autogenerate 5;");
        expect(await app.doReload()).to.equal(true);
        await app.setScript("T: Load NoSuchField Resident Nowhere;");
        expect(await app.doReload()).to.equal(false);
        await app.setScript("T: Load RecNo() as N, Rand() as R Autogenerate 3000000;");
        const reload = app.doReload();
        const layout = app.getAppLayout();
        // The layout's turn comes after the reload's.
        await scrapeUntil(
            "the reload is seen running, and the layout waiting",
            engine,
            (samples) => samples["qix_active_reloads"] === 1 && samples["qix_active_requests"] === 2,
        );
        await global.cancelReload();
        expect(await reload).to.equal(false);
        await layout;
        expect((await scrape(engine)).samples).to.include({
            qix_active_reloads: 0,
            'qix_reloads_duration_seconds_count{status="ok"}': 1,
            'qix_reloads_duration_seconds_bucket{status="ok",le="5"}': 1,
            'qix_reloads_duration_seconds_count{status="fail"}': 2,
        });
    });

    it("count the log's lines by level, as many as were written", async () => {
        const engine = await startEngine(await temporaryDirectory(), "NoSuchFlag=1");
        const { global } = await connect(engine);
        await refusal(global.openDoc("unknown"));
        const lines = (severity: string) => engine.log.filter((line) => line.logseverity === severity).length;
        // That of the flag, and the audit trail's.
        await until("both warnings are in the log", () => lines("WARN") === 2);
        await scrapeUntil(
            "the metrics agree with the log",
            engine,
            (samples) =>
                samples['qix_log_message_total{level="info"}'] === lines("INFO") &&
                samples['qix_log_message_total{level="warning"}'] === 2 &&
                samples['qix_log_message_total{level="error"}'] === 0 &&
                samples['qix_log_message_total{level="debug"}'] === lines("DEBUG") &&
                lines("DEBUG") > 0,
        );

        const quiet = await startEngine(await temporaryDirectory(), "NoSuchFlag=1", "SystemLogVerbosity=4");
        await refusal((await connect(quiet)).global.openDoc("unknown"));
        expect((await scrape(quiet)).samples).to.include({ 'qix_log_message_total{level="debug"}': 0 });
    });

    it("count how they were asked for", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const first = await (await fetch(metricsUrl(engine))).text();
        const { samples } = parse(first);
        expect(samples).to.include({ exposer_total_scrapes: 0, exposer_bytes_transferred: 0 });
        await scrapeUntil(
            "the first one is counted",
            engine,
            (later) =>
                later["exposer_total_scrapes"]! >= 1 && later["exposer_bytes_transferred"]! >= Buffer.byteLength(first),
        );
    });

    it("say whether the rules could be read, where there are rules", async () => {
        const folder = await temporaryDirectory();
        const path = join(folder, "allow.txt");
        const engine = await startEngine(join(folder, "documents"), "EnableABAC=1", `SystemAllowRulePath=${path}`);
        expect((await scrape(engine)).samples).to.include({ document_sync_rules_error: 1 });
        await writeFile(path, 'resource.resourcetype = "App"\n');
        await scrapeUntil("the rules are read", engine, (samples) => samples["document_sync_rules_error"] === 0, 10);
    });
});

describe("the metrics' port", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    it("is 9090 unless told otherwise, by either of its names", () => {
        const port = (...flags: string[]) => parseFlags(flags.flatMap((flag) => ["-S", flag])).flags.metricsPort;
        expect(port()).to.equal(9090);
        expect(port("EnablePrometheus=1")).to.equal(9090);
        expect(port("PrometheusPort=9091")).to.equal(9091);
        expect(port("PrometheusServicePort=9092", "PrometheusPort=9091")).to.equal(9092);
        expect(port("EnablePrometheus=0", "PrometheusServicePort=9092")).to.equal(undefined);
        expect(() => port("PrometheusPort=nine")).to.throw(FlagError, "PrometheusPort=nine is no whole number");
    });

    it("serves metrics alone, in Prometheus' text, and the main port serves none", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const url = metricsUrl(engine);
        const answer = await fetch(`${url}?name=any`);
        expect(answer.headers.get("content-type")).to.equal("text/plain; version=0.0.4; charset=utf-8");
        expect(Object.keys(parse(await answer.text()).samples)).to.have.length.greaterThan(20);
        expect((await fetch(url, { method: "POST" })).status).to.equal(404);
        expect((await fetch(url.replace("/metrics", "/health"))).status).to.equal(404);
        expect((await fetch(engine.url.replace("ws:", "http:") + "/metrics")).status).to.equal(404);
    });

    it("is bound to the same address as the main port", async () => {
        const engine = await startEngine(await temporaryDirectory(), "BindAddress=127.0.0.2");
        const url = metricsUrl(engine);
        expect((await fetch(url.replace("127.0.0.1", "127.0.0.2"))).status).to.equal(200);
        const elsewhere = await fetch(url).catch((error: Error & { cause?: { code?: string } }) => error.cause?.code);
        expect(elsewhere).to.equal("ECONNREFUSED");
    });

    it("is closed where metrics are switched off", async () => {
        const port = await freePort();
        const documents = await temporaryDirectory();
        const engine = await startEngine(documents, "EnablePrometheus=0", `PrometheusServicePort=${port}`);
        expect(engine.log.some((line) => line.metricsPort)).to.equal(false);
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(
            (error: Error & { cause?: { code?: string } }) => error.cause?.code,
        );
        expect(answer).to.equal("ECONNREFUSED");
    });

    it("that is taken ends the engine, with one sentence that names it", async () => {
        const first = await startEngine(await temporaryDirectory());
        const { port } = new URL(metricsUrl(first));
        const documents = `DocumentDirectory=${await temporaryDirectory()}`;
        const second = spawnEngine(documents, `PrometheusServicePort=${port}`);
        expect(await second.exit).to.equal(1);
        const fatal = second.log.filter((line) => line.logseverity === "FATAL");
        expect(fatal.map((line) => line.message)).to.have.length(1);
        expect(fatal[0]!.message).to.match(new RegExp(`^PrometheusServicePort=${port} .*EADDRINUSE`));
        expect(second.log.some((line) => line.port)).to.equal(false);
    });
});

describe("the metrics of sync", function () {
    this.timeout(90_000);
    let broker: TestBroker;

    before(async function () {
        if (process.getuid?.() !== 0) {
            // Without root the tests' RabbitMQ can't be run: it lives in a root file system of its own.
            this.skip();
        }
        broker = await TestBroker.create();
        await broker.start();
    });
    afterEach(cleanUp);
    after(() => broker?.remove());

    it("count events that went and came, and tell when the broker is away", async () => {
        const documents = await temporaryDirectory();
        const bus = async (engine: EngineProcess) => {
            const { samples } = await scrape(engine);
            const names = ["event_bus_connected", "events_published_total", "events_received_total"];
            return [...names, "events_unconfirmed"].map((name) => samples[`document_sync_${name}`]);
        };
        const shows = (what: string, engine: EngineProcess, expected: readonly number[], seconds?: number) =>
            until(what, async () => (await bus(engine)).join() === expected.join(), seconds);

        // Each tells that it is there. One after the other, because the second does not hear what was said before it.
        const one = await startEngine(documents, ...broker.flags);
        await shows("the first is on the bus", one, [1, 1, 0, 0]);
        const two = await startEngine(documents, ...broker.flags);
        await shows("the second is on the bus", two, [1, 1, 0, 0]);
        await shows("the first has heard of it", one, [1, 1, 1, 0]);
        for (const engine of [one, two]) {
            const { samples } = await scrapeUntil(
                "it has heard of the other",
                engine,
                (found) => found["document_sync_event_bus_engines"] === 1,
            );
            const age = Date.now() / 1000 - samples["document_sync_event_bus_last_heard_timestamp_seconds"]!;
            expect(age, "seconds since it heard anything").to.be.within(0, 60);
        }

        const { global } = await connect(one);
        await global.createApp("A");
        await shows("the event went", one, [1, 2, 1, 0]);
        await shows("the event came", two, [1, 1, 1, 0]);
        await scrapeUntil("it is listed", two, (samples) => samples["document_sync_documents"] === 1);

        await broker.kill();
        await shows("the broker is away", one, [0, 2, 1, 0], 20);
        await global.createApp("B");
        await shows("the event waits", one, [0, 2, 1, 1]);

        await broker.start();
        const isBack = async () => (await bus(one))[0] === 1 && (await bus(one))[3] === 0;
        await until("what waited went", isBack, 20);
        // The document, and that this engine is there again.
        expect((await bus(one))[1]).to.equal(4);
    });
});
