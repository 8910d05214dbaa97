import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { projectDirectory } from "../../paths";
import { conflictingRoutes, isWithin, parseRoutes } from "../network";

describe("the cluster's networks", () => {
    it("know what lies within them", () => {
        expect(isWithin("10.244.0.0/24", "10.244.0.0/24")).to.equal(true);
        expect(isWithin("10.244.0.7", "10.244.0.0/24")).to.equal(true);
        expect(isWithin("10.244.1.0/24", "10.244.0.0/24")).to.equal(false);
        expect(isWithin("10.0.0.0/8", "10.244.0.0/24")).to.equal(false);
        expect(isWithin("255.255.255.255", "255.255.255.0/24")).to.equal(true);
    });

    it("are in conflict with another's route into them, not with their own nor a wider one", () => {
        const routes = [
            { dst: "0.0.0.0/0", dev: "eth0" },
            { dst: "10.0.0.0/8", dev: "tun0" },
            { dst: "192.0.2.0/24", dev: "eth0" },
            { dst: "10.244.0.0/24", dev: "dsync0" },
        ];
        expect(conflictingRoutes(routes)).to.deep.equal([]);
        const conflicts = [
            { dst: "10.244.0.0/24", dev: "cni0" },
            { dst: "10.96.4.0/22", dev: "tun0" },
        ];
        expect(conflictingRoutes([...routes, ...conflicts])).to.deep.equal(conflicts);
    });

    it("are looked for in the kernel's own table of routes", () => {
        const table = [
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   ",
            "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0   ",
            "tun0\t0004600A\t00000000\t0001\t0\t0\t0\t00FCFFFF\t0\t0\t0   ",
        ].join("\n");
        expect(parseRoutes(`${table}\n`)).to.deep.equal([
            { dev: "eth0", dst: "0.0.0.0/0" },
            { dev: "tun0", dst: "10.96.4.0/22" },
        ]);
    });

    it("are named with the device that has an address in them, as in a network namespace that was given one", () => {
        const script = `console.log(JSON.stringify(require("./local/cluster/network").networkConflicts()))`;
        const commands = [
            "ip link add planted type bridge",
            "ip address add 10.244.0.9/16 dev planted",
            "ip link set planted up",
            `exec "$0" --import tsx -e '${script}'`,
        ];
        const { stdout, stderr } = spawnSync("unshare", ["--net", "sh", "-ec", commands.join("\n"), process.execPath], {
            cwd: projectDirectory,
            encoding: "utf8",
        });
        expect(stderr).to.equal("");
        expect(JSON.parse(stdout)).to.deep.equal([
            "the local cluster needs 10.244.0.0/24 for pods and 10.96.0.0/16 for Services, but this machine reaches " +
                "10.244.0.9 by planted",
        ]);
    });
});
