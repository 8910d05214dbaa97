import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { debianPackages } from "../../../local/machine/packages";
import { logsDirectory, machine as paths, projectDirectory } from "../../../local/machine/paths";
import { TestMachine } from "../testMachine";

describe("a guest on the machine", function () {
    this.timeout(10 * 60_000);
    let machine: TestMachine;
    /** Of what was seen; in the clone, where nothing is looked at. */
    let directory: string;

    /** Runs lines of shell there. */
    const shell = (script: string) => machine.mustRun("sh", ["-ec", script]);

    before(() => {
        mkdirSync(logsDirectory, { recursive: true });
        directory = mkdtempSync(join(logsDirectory, "audit-"));
    });

    after(() => rmSync(directory, { recursive: true }));

    /** Says all of them where there are some: a list would be cut. */
    const expectNone = (lines: readonly string[]) => expect(lines.join("\n")).to.equal("");

    /** Before the tests of a group, gives them a machine, on which no Kubernetes ever was. */
    async function startMachine(this: Mocha.Context): Promise<void> {
        if (process.getuid?.() !== 0) this.skip(); // A machine of one's own takes root.
        machine = await TestMachine.start();
        // With a /tmp of its own, where the clone may lie.
        await shell(`
            mkdir /opt/clone
            mount --bind ${projectDirectory} /opt/clone
            mount -t tmpfs -o mode=1777 tmpfs /tmp
            mkdir -p ${projectDirectory}
            mount --bind /opt/clone ${projectDirectory}
            umount /opt/clone
            rmdir /opt/clone
            rm -rf /run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers`);
    }

    const endMachine = () => machine?.end();

    const program = "node --import tsx local/commands/audit.ts";
    // Those that are the machine's own, and not shared with the real one.
    const roots = ["/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var"]
        .map((root) => `--files ${root}`)
        // Large, and of other languages.
        .concat([".pyenv", ".rustup"].map((name) => `--except ${join(homedir(), name)}`))
        .join(" ");

    /** Looks at the machine, to compare it later. */
    const look = () => shell(`${program} ${roots} > ${directory}/before.json`);

    /** What has changed since, a line each. */
    async function changes(): Promise<string[]> {
        const { exitCode, output } = await machine.run("sh", [
            "-c",
            `${program} ${roots} --against ${directory}/before.json`,
        ]);
        const lines = output.trim().split("\n");
        const found = lines.slice(0, -1).filter((line) => !line.startsWith("allowed: "));
        expect(lines.at(-1), output).to.equal(`differences: ${found.length}`);
        expect(exitCode).to.equal(found.length === 0 ? 0 : 1);
        allowed = lines.filter((line) => line.startsWith("allowed: "));
        return found;
    }

    /** What else had changed then, and may. */
    let allowed: string[];

    describe("the audit", () => {
        before(startMachine);

        after(endMachine);

        before(async () => {
            await shell(`
                echo own > /etc/own
                echo own > /srv/other
                chmod 644 /etc/own`);
            await look();
        });

        it("sees nothing where nothing has changed", async () => {
            expectNone(await changes());
        });

        it("sees what was left, of each sort", async () => {
            await shell(`
                setsid sleep 4711 > /dev/null 2>&1 &
                setsid node -e 'require("net").createServer().listen(4712, "127.0.0.1")' > /dev/null 2>&1 &
                setsid node -e 'require("net").createServer().listen("/run/left.sock")' > /dev/null 2>&1 &
                mkdir /srv/left
                mount -t tmpfs left /srv/left
                ip netns add left
                ip link add left type bridge
                ip address add 192.0.2.1/24 dev lo
                ip route add blackhole 198.51.100.0/24 table 47
                ip rule add from 198.51.100.0/24 table 47
                iptables -N LEFT
                iptables -A INPUT -s 192.0.2.7 -j LEFT
                iptables -P FORWARD DROP
                ip6tables -t nat -N LEFT
                iptables-legacy -t raw -N LEFT
                sysctl -qw net.ipv4.ip_forward=1
                mkdir /sys/fs/cgroup/memory/left
                printf '#!/bin/sh\\n### BEGIN INIT INFO\\n### END INIT INFO\\necho running\\n' > /etc/init.d/left
                chmod 755 /etc/init.d/left
                echo new > /var/lib/left
                echo new > /tmp/left
                ln -s left /usr/bin/left
                chmod 600 /etc/own
                echo two > /srv/other
                until [ -S /run/left.sock ] && grep -q ':1268 ' /proc/net/tcp; do sleep 0.1; done`);
            const found = (await changes()).join("\n");
            for (const line of [
                /^processes: new: sleep 4711 \(1\)$/m,
                /^mounts: new: .*\/srv\/left .* tmpfs left/m,
                /^network namespaces: new: left \(there\)$/m,
                /^links: new: left /m,
                /^links: changed: lo .*192\.0\.2\.1/m,
                /^routes: new: 4 blackhole 198\.51\.100\.0\/24 table 47/m,
                /^routes: new: 4 \d+:\s+from 198\.51\.100\.0\/24 lookup 47/m,
                /^iptables rules: new: \*filter :LEFT -/m,
                /^iptables rules: new: \*filter :FORWARD DROP/m,
                /^iptables rules: new: \*filter -A INPUT -s 192\.0\.2\.7\/32 -j LEFT/m,
                /^ip6tables rules: new: \*nat :LEFT -/m,
                /^legacy iptables rules: new: \*raw :LEFT -/m,
                /^sysctls: changed: net\/ipv4\/ip_forward \(0 → 1\)$/m,
                /^sysctls: new: net\/ipv4\/conf\/left\//m,
                /^cgroups: new: \/memory\/left \(there\)$/m,
                /^services: new: left \(\[ \+ \]\)$/m,
                /^listening sockets: new: tcp 0100007F port 4712 \(1\)$/m,
                /^listening sockets: new: unix \/run\/left\.sock \(1\)$/m,
                /^files: new: \/var\/lib\/left /m,
                /^files: new: \/tmp\/left /m,
                /^files: new: \/usr\/bin\/left \(l .* to left\)$/m,
                /^files: changed: \/etc\/own \(f mode 644 .* → f mode 600 /m,
                /^files: changed: \/srv\/other /m,
            ]) {
                expect(found).to.match(line);
            }
        });
    });

    describe("npm start and npm stop", () => {
        before(startMachine);

        after(endMachine);

        /** What is seen of a cluster that is up: its processes, and that the forwarder listens on loopback. */
        const ofCluster = [
            /^processes: (new|changed): /,
            // Each box has one, for as long as a process is in it.
            /^network namespaces: new: net:/,
            /^cgroups: new: \/[^/]+\/document-sync(\/|$| )/,
            /^listening sockets: new: tcp 0100007F port (16443|3\d{4}) /,
        ];

        it("leave the machine as it was, and while the cluster is up nothing of it is there but processes", async () => {
            await look();
            await machine.mustRun("npm", ["start"]);
            const whileUp = await changes();
            expectNone(whileUp.filter((line) => !ofCluster.some((pattern) => pattern.test(line))));
            for (const pattern of ofCluster) expect(whileUp.join("\n")).to.match(new RegExp(pattern, "m"));
            await machine.mustRun("npm", ["stop"]);
            expectNone(await changes());
        });

        it("leave it so after every process was killed, too", async () => {
            await machine.mustRun("npm", ["start"]);
            await machine.killAll();
            const left = await changes();
            expectNone(left.filter((line) => !/^cgroups: new: \/[^/]+\/document-sync/.test(line)));
            await machine.mustRun("npm", ["stop"]);
            expectNone(await changes());
        });

        it("touch nothing that is somebody's own, nor what they change meanwhile", async () => {
            await shell(`
                iptables -t nat -N GUARD
                iptables -t nat -A OUTPUT -d 192.0.2.7 -j GUARD
                ip6tables -N GUARD
                sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.rp_filter=2
                ip link add br-own type bridge
                ip address add 10.244.1.1/24 dev br-own
                ip netns add own
                mkdir -p /var/log/containers /etc/cni/net.d /var/lib/cni/results /run/containerd/s
                echo own > /var/log/containers/own.log
                echo '{}' > /etc/cni/net.d/own.conflist
                echo own > /var/lib/cni/results/own-4e98-eth0`);
            await look();
            await machine.mustRun("npm", ["start"]);
            await shell("sysctl -qw net.ipv4.conf.all.route_localnet=0");
            await machine.mustRun("npm", ["stop"]);
            expect(await changes()).to.deep.equal(["sysctls: changed: net/ipv4/conf/all/route_localnet (1 → 0)"]);
        });

        it("refuse the cluster of another version, and leaves it up", async () => {
            const version = join(paths.cluster, "version");
            const ours = await shell(`cat ${version}`);
            await shell(`echo 'format 7, Kubernetes v1.99.0' > ${version}`);
            const { exitCode, output } = await machine.run("npm", ["stop"]);
            expect(exitCode).to.equal(1);
            expect(output).to.contain(`the cluster in ${paths.cluster} was made by another version of document-sync`);
            await shell(`echo '${ours.trim()}' > ${version}`);
        });
    });

    describe("the first npm start", () => {
        const packages = ["containerd", "containernetworking-plugins", "iptables", "runc"];
        let repository: string;

        before(() => {
            repository = join(directory, "repository");
            mkdirSync(repository);
            const run = (program: string, ...args: string[]) =>
                execFileSync(program, args, { cwd: repository, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
            run("apt-get", "--option", "APT::Sandbox::User=root", "download", ...packages);
            const stanzas = readdirSync(repository).map((name) => {
                const file = readFileSync(join(repository, name));
                const hash = createHash("sha256").update(file).digest("hex");
                const fields = [`Filename: ./${name}`, `Size: ${file.length}`, `SHA256: ${hash}`];
                return `${run("dpkg-deb", "--field", name)}${fields.join("\n")}\n`;
            });
            writeFileSync(join(repository, "Packages"), stanzas.join("\n"));
        });

        before(startMachine);

        after(endMachine);

        it("leaves the Debian packages that were missing, with their files and records, and nothing else", async () => {
            await shell(`
                dpkg --purge --force-depends ${packages.join(" ")}
                rm -rf /etc/apt/sources.list.d/*
                # The user that apt would fetch as cannot look into every clone.
                echo 'APT::Sandbox::User "root";' > /etc/apt/apt.conf.d/99root
                echo 'deb [trusted=yes] file:${repository} ./' > /etc/apt/sources.list`);
            await look();
            await machine.mustRun("npm", ["start"]);
            await machine.mustRun("npm", ["stop"]);
            expectNone(await changes());
            const installed = allowed.flatMap((line) => /^allowed: Debian packages: new: (\S+) /.exec(line)?.[1] ?? []);
            expect(installed).to.deep.equal(packages);
        });

        it("installs the packages that its page lists", () => {
            const page = readFileSync(join(projectDirectory, "local/README.md"), "utf8");
            const [, list] = /It installs the Debian packages (.*?)\. It never/s.exec(page) ?? [];
            const listed = [...list.matchAll(/`([^`]+)`/g)]
                .map(([, name]) => name)
                .filter((name) => name !== "npm test");
            expect(listed).to.have.members(Object.values(debianPackages).flat());
        });
    });
});
