import { expect } from "chai";
import { conflictingRoutes, isWithin } from "../network";

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
            { dst: "default", dev: "eth0" },
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
});
