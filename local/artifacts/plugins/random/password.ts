import { genSalt, hash } from "bcryptjs";
import { randomInt } from "node:crypto";
import type { Properties } from "./properties";
import type { RandomKind } from "./kind";

/** Name of the switch, name of its minimum, and the characters that it admits. */
const alphabets = [
    ["lower", "minLower", "abcdefghijklmnopqrstuvwxyz"],
    ["upper", "minUpper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
    ["numeric", "minNumeric", "0123456789"],
    ["special", "minSpecial", "!@#$%&*()-_=+[]{}<>:?"],
] as const;

/** `random:index/randomPassword:RandomPassword`: `result`, and its bcrypt hash. */
export const randomPassword: RandomKind = {
    defaults: (inputs) => {
        // `number` is the older name of `numeric`; the released plugin keeps the two alike.
        const numeric = inputs.numeric ?? inputs.number ?? true;
        const minimums = { minLower: 0, minUpper: 0, minNumeric: 0, minSpecial: 0 };
        return { ...minimums, lower: true, upper: true, special: true, ...inputs, number: numeric, numeric };
    },
    drawn: ["bcryptHash", "result"],
    secrets: ["bcryptHash", "result"],
    nullable: ["keepers", "overrideSpecial"],
    meta: JSON.stringify({ schema_version: "3" }),
    validate: (inputs) => {
        const { length } = inputs;
        if (typeof length !== "number" || !Number.isInteger(length) || length < 1) {
            throw new Error(`length of a RandomPassword must be a whole number from 1, not ${JSON.stringify(length)}`);
        }
        const least = alphabets.reduce((sum, [, minimum]) => sum + numberAt(inputs, minimum), 0);
        if (least > length) {
            throw new Error(`length of a RandomPassword is ${length}, less than its minimums together (${least})`);
        }
        if (charactersOf(randomPassword.defaults(inputs)).every(({ characters }) => characters === "")) {
            throw new Error("a RandomPassword needs at least one of lower, upper, numeric and special");
        }
    },
    draw: async (inputs) => {
        const result = draw(randomPassword.defaults(inputs));
        // The released plugin's Go library writes version 2a; for passwords in ASCII 2a and 2b are the same hash.
        const salt = (await genSalt(10)).replace("$2b$", "$2a$");
        return { id: "none", outputs: { result, bcryptHash: await hash(result, salt) } };
    },
};

function numberAt(inputs: Properties, name: string): number {
    const value = inputs[name];
    return typeof value === "number" ? value : 0;
}

function charactersOf(inputs: Properties) {
    return alphabets.map(([name, minimum, usual]) => {
        const own = name === "special" && typeof inputs.overrideSpecial === "string" ? inputs.overrideSpecial : "";
        if (inputs[name] !== true) return { minimum: 0, characters: "" };
        return { minimum: numberAt(inputs, minimum), characters: own || usual };
    });
}

function draw(inputs: Properties): string {
    const sets = charactersOf(inputs);
    const all = sets.map(({ characters }) => characters).join("");
    const pick = (characters: string) => characters.charAt(randomInt(characters.length));
    const drawn = sets.flatMap(({ minimum, characters }) => Array.from({ length: minimum }, () => pick(characters)));
    while (drawn.length < numberAt(inputs, "length")) drawn.push(pick(all));
    // Fisher-Yates: otherwise the minimums would all stand in front.
    for (let i = drawn.length - 1; i > 0; i--) {
        const j = randomInt(i + 1);
        [drawn[i], drawn[j]] = [drawn[j] ?? "", drawn[i] ?? ""];
    }
    return drawn.join("");
}
