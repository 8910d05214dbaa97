import { version } from "@pulumi/random/package.json";
import { main } from "../server";
import { randomProvider } from "./provider";

void main(() => randomProvider(version));
