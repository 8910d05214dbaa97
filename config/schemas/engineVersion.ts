import * as z from "zod";

/** The user that the engine's image is made for. Its group has the same number. */
export interface EngineUser {
    /** Name of the user, and of its home under /home. */
    readonly name: string;
    readonly id: number;
}

const version = /^(?<major>1[2-9]|[2-9]\d)\.(?<minor>0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/;

/** The engine's version, read as its user. There is no engine in a container before 12. */
export const engineVersion = z
    .string()
    .regex(version, {
        error: "must be the version of an engine, three numbers from 12.0.0 on, as 12.792.0",
        abort: true,
    })
    .transform((text): EngineUser => {
        const { major, minor } = version.exec(text)?.groups ?? {};
        // 12.350.0 is where Qlik's image changed its user (its release notes of March 2019).
        const isBeforeChange = Number(major) === 12 && Number(minor) < 350;
        return isBeforeChange ? { name: "nobody", id: 65534 } : { name: "engine", id: 1910 };
    });
