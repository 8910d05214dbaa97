import { freemem } from "node:os";
import type { Engine } from "./engine";
import { engineVersion, standIn } from "./version";

const bytesPerMegabyte = 1024 * 1024;
const paths = new Set(["/health", "/healthcheck", "/healthcheck/", "/engine/healthcheck"]);

export function isHealthPath(path: string): boolean {
    return paths.has(path);
}

/**
 * The members of the real engine's health (as recorded of 12.138.0), and `standIn` and `sync`, which are this engine's own.
 * Its status is always good: an engine without a broker or without rules still serves.
 */
export function health(engine: Engine): object {
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { active, total } = engine.sessions;
    const openIds = engine.library.openIds();
    return {
        version: engineVersion,
        started: engine.started.toISOString().replaceAll(/[-:]/g, ""),
        mem: {
            committed: memory.rss / bytesPerMegabyte,
            allocated: memory.heapTotal / bytesPerMegabyte,
            free: freemem() / bytesPerMegabyte,
        },
        cpu: { total: (user + system) / 1e6 / process.uptime() },
        session: { active, total },
        apps: {
            active_docs: openIds,
            loaded_docs: openIds,
            in_memory_docs: openIds,
            calls: engine.calls,
            selections: 0,
        },
        users: { active: Math.min(active, 1), total: Math.min(total, 1) },
        cache: { hits: 0, lookups: 0, added: 0, replaced: 0, bytes_added: 0 },
        saturated: false,
        standIn,
        sync: {
            eventBus: engine.eventBus?.status ?? "off",
            documents: engine.library.list().length,
            rules: engine.ruleFiles
                ? { sha256: engine.ruleFiles.rules?.sha256 ?? null, error: engine.ruleFiles.error ?? null }
                : "off",
        },
    };
}
