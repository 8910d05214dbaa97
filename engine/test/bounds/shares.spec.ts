import { expect } from "chai";
import { Bounds, type BoundFlag, boundFlags } from "../../src/bounds/bounds";
import { ByteBudget } from "../../src/bounds/byteBudget";
import { Quota } from "../../src/bounds/quota";

function boundsWith(limits: Partial<Record<BoundFlag, number>>): Bounds {
    const none = Object.fromEntries(boundFlags.map((flag) => [flag, Infinity])) as Record<BoundFlag, number>;
    return new Bounds({ ...none, ...limits });
}

describe("a budget of bytes", () => {
    const bounds = boundsWith({ PendingLimit: 100 });
    const evicted: string[] = [];
    const holder = (name: string) => ({ evict: (sentence: string) => evicted.push(`${name}: ${sentence}`) });

    it("takes from whoever holds most, not from whoever comes last", () => {
        const budget = new ByteBudget(bounds, "PendingLimit", "messages");
        const [small, large, late] = [holder("small"), holder("large"), holder("late")];
        budget.hold(small, 30);
        budget.hold(large, 60);
        budget.hold(small, 40);
        expect(evicted).to.deep.equal([]);
        budget.hold(late, 5);
        expect(evicted).to.deep.equal(["large: PendingLimit=100 bytes of messages are reached."]);
        expect(budget.total).to.equal(45);
        budget.hold(small, 0);
        budget.hold(large, 0);
        expect(budget.total).to.equal(5);
        budget.hold(late, 101);
        expect(evicted[1]).to.match(/^late/);
        expect(budget.total).to.equal(0);
        expect(bounds.refusals("PendingLimit")).to.equal(2);
    });
});

describe("a quota", () => {
    const quotaOf = (SessionLimit: number, SessionLimitPerAddress: number) =>
        new Quota(boundsWith({ SessionLimit, SessionLimitPerAddress }), "SessionLimit", "SessionLimitPerAddress");

    it("bounds how many there are, in all and from each address", () => {
        const quota = quotaOf(3, 2);
        expect(quota.take("10.0.0.1")).to.equal(undefined);
        expect(quota.take("10.0.0.1")).to.equal(undefined);
        expect(quota.take("10.0.0.1")).to.equal("SessionLimitPerAddress=2");
        expect(quota.take("10.0.0.2")).to.equal(undefined);
        expect(quota.take("10.0.0.3")).to.equal("SessionLimit=3");
        quota.release("10.0.0.1");
        expect(quota.take("10.0.0.1")).to.equal(undefined);
    });

    it("takes a network of IPv6 for one address, and IPv4 for what it is in either form", () => {
        for (const [first, second, isOne] of [
            ["2001:db8::1", "2001:db8:0:0:ffff::", true],
            ["2001:db8:0:1::1", "2001:db8::1:0:0:0:2", true],
            ["2001:db8:0:1::1", "2001:db8:0:2::1", false],
            ["fe80::1%eth0", "fe80::2%eth0", true],
            ["::1", "::2", true],
            ["::ffff:10.0.0.1", "10.0.0.1", true],
            ["::ffff:10.0.0.1", "::ffff:10.0.0.2", false],
        ] as const) {
            const quota = quotaOf(9, 1);
            expect(quota.take(first)).to.equal(undefined);
            expect(quota.take(second) === undefined, `${first} ${second}`).to.equal(!isOne);
        }
    });
});
