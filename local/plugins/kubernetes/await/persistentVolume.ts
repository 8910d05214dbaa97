import { stringAt, type Properties } from "../../properties";
import { nameOf } from "../metadata";
import type { MakeRule } from "./rule";

/** Ready when the volume controller has taken note of it. */
export const persistentVolumeRule: MakeRule = ({ object, status }) => {
    let volume: Properties | undefined;
    const phase = () => stringAt(volume, "status", "phase");
    return {
        timeoutSeconds: 300,
        collections: [
            {
                path: "/api/v1/persistentvolumes",
                name: nameOf(object),
                observe: (event) => {
                    volume = event.object;
                },
            },
        ],
        ready: () => {
            if (phase() === "Available") status("info", "✅ PV marked available");
            return phase() === "Available" || phase() === "Bound";
        },
        reasons: () => [`PersistentVolume "${nameOf(object)}" is ${phase() || "not known to its controller"}`],
    };
};
