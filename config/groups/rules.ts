import type { Reading } from "../read";
import { rulesRoom } from "../schemas/rules";

/** The texts of both files go into one ConfigMap. */
export function rulesFaults(reading: Reading): string[] {
    const { allowRules = "", denyRules = "" } = reading.values;
    const bytes = Buffer.byteLength(allowRules) + Buffer.byteLength(denyRules);
    return bytes > rulesRoom
        ? [
              `${reading.shown("allowRules")} and ${reading.shown("denyRules")} must have at most ${rulesRoom} bytes together, and have ${bytes}.`,
          ]
        : [];
}
