// What tests of the network run in pods, on nodes and beside the machine. With ports as arguments it listens on these, and answers
// whatever it is told with its host's name and the address it was told from. Without, it makes the connections that are asked
// for on its input, a line of JSON each, answers with a line each, and ends with its input.
import { lookup, Resolver } from "node:dns/promises";
import { connect, createServer } from "node:net";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const held = new Map();

/** Says something and waits for an answer. How it went is a word, and who answered. */
function say(socket, seconds) {
    return new Promise((resolve) => {
        const end = (how, by) => {
            clearTimeout(timer);
            socket.removeAllListeners("data").removeAllListeners("close");
            resolve({ how, by });
        };
        const timer = setTimeout(end, seconds * 1000, "silent");
        let code;
        // It has no other listener, and an error without one would end the program.
        socket.removeAllListeners("error").on("error", (error) => (code = error.code));
        socket.once("data", (data) => end("answers", data.toString().trim()));
        socket.once("close", () => end(code === undefined ? "closes" : code === "ECONNREFUSED" ? "refused" : code));
        // In words that a server of HTTPS answers too.
        socket.write("GET / HTTP/1.0\r\n\r\n");
    });
}

async function call({ host, port, seconds }) {
    const socket = connect({ host, port });
    const result = await say(socket, seconds);
    socket.destroy();
    return result;
}

/** Makes a new connection every 50 ms until one is answered, or three in turn are not; tells when that one was begun. */
async function watch({ host, port, answers, seconds }) {
    const deadline = Date.now() + seconds * 1000;
    const attempts = [];
    while (Date.now() < deadline) {
        const attempt = { at: Date.now() };
        attempts.push(attempt);
        // Less than TCP waits before it asks again: an answer is one to what was asked at that time.
        void call({ host, port, seconds: 0.9 }).then(({ how }) => (attempt.answered = how === "answers"));
        await delay(50);
        const found = answers
            ? attempts.find(({ answered }) => answered)
            : attempts.find((_, index) => {
                  const three = attempts.slice(index, index + 3);
                  return three.length === 3 && three.every(({ answered }) => answered === false);
              });
        if (found) return { at: found.at };
    }
    return {};
}

const actions = {
    call,
    watch,
    async hold({ name, host, port, seconds }) {
        const socket = connect({ host, port });
        held.set(name, socket);
        return say(socket, seconds);
    },
    say: ({ name, seconds }) => say(held.get(name), seconds),
    async resolve({ name, server }) {
        try {
            if (server === undefined) return { address: (await lookup(name)).address };
            const resolver = new Resolver({ timeout: 2000, tries: 2 });
            resolver.setServers([server]);
            return { address: (await resolver.resolve4(name))[0] };
        } catch (error) {
            return { address: error.code };
        }
    },
};

const ports = process.argv.slice(1).filter((argument) => /^\d+$/.test(argument));
for (const port of ports) {
    createServer((socket) => {
        socket.on("data", () => socket.write(`${hostname()} ${socket.remoteAddress.replace("::ffff:", "")}\n`));
        socket.on("error", () => socket.destroy());
    }).listen(Number(port));
}
if (ports.length === 0) {
    console.log("ready");
    createInterface({ input: process.stdin })
        .on("line", (line) => {
            const { id, action, ...rest } = JSON.parse(line);
            void actions[action](rest).then((result) => console.log(JSON.stringify({ id, ...result })));
        })
        .on("close", () => process.exit());
}
