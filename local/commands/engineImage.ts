import { spawnSync } from "node:child_process";
import { projectDirectory } from "../machine/paths";
import { engineImage } from "../stack/kind/stackFile";
import { runCommand } from "./command";

const usage = `npm run engine:image      an image of the stand-in engine, by engine/Containerfile, and a bill of materials

    CONTAINER_ENGINE      what builds it: docker (the default), podman or buildah
    ENGINE_IMAGE          the image's name; ${engineImage} by default
    BASE                  the image that it stands on, with node on its PATH; Docker Hub's official one by default`;

function execute(program: string, ...args: string[]): void {
    // Without provenance, with which Docker 29 saves images that kind can't load (kubernetes-sigs/kind#3795).
    const env = { ...process.env, BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
    const { status, error } = spawnSync(program, args, { cwd: projectDirectory, stdio: "inherit", env });
    if (error) throw new Error(`${program} could not be started: ${error.message}`);
    if (status !== 0) throw new Error(`${program} failed; its own message is above.`);
}

/** `npm run engine:image`. The bundle is made outside, so that the image's build needs no npm. */
function main(): void {
    execute("npm", "run", "--silent", "build", "-w", "engine");
    execute("npm", "run", "--silent", "sbom");
    const [program, ...options] = (process.env.CONTAINER_ENGINE ?? "docker").split(" ");
    // Without a value, docker takes it from the environment, if it is there.
    const args = ["build", "--build-arg", "BASE", "--file", "engine/Containerfile"];
    execute(program, ...options, ...args, "--tag", process.env.ENGINE_IMAGE ?? engineImage, "engine");
}

runCommand(usage, () => Promise.resolve(main()));
