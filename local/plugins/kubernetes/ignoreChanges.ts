import { at, isObject, type Properties } from "../properties";

/** Inputs in which ignored fields have the value that the object has: what is not applied any more would be taken away. */
export function keepIgnored(inputs: Properties, live: Properties, ignored: readonly string[]): Properties {
    let result = inputs;
    for (const field of ignored) {
        const path = field.split(".");
        const value = at(live, ...path);
        if (value !== undefined) result = withValue(result, path, value);
    }
    return result;
}

function withValue(object: Properties, [key = "", ...rest]: readonly string[], value: Properties[string]): Properties {
    const below = object[key];
    return { ...object, [key]: rest.length === 0 ? value : withValue(isObject(below) ? below : {}, rest, value) };
}
