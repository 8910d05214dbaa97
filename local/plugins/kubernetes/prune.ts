import { isObject, mapValues, type Properties, type Value } from "../properties";

/** The part of a live object that a program's inputs speak of: what the server added is no difference. */
export function prune(live: Properties, shape: Properties): Properties {
    return mapValues(live, (value, key) => {
        const wanted = shape[key];
        return wanted === undefined ? undefined : pruneValue(value, wanted);
    });
}

function pruneValue(value: Value, shape: Value): Value {
    if (isObject(value) && isObject(shape)) return prune(value, shape);
    if (!Array.isArray(value) || !Array.isArray(shape)) return value;
    // Items beyond the inputs' own were added by the server.
    return shape.slice(0, value.length).map((wanted, index) => pruneValue(value[index] ?? wanted, wanted));
}
