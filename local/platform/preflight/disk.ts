import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Something that is still to be made. */
export interface DiskNeed {
    readonly what: string;
    /** Need not be there yet. */
    readonly directory: string;
    readonly megabytes: number;
}

const nearest = (directory: string): string => (existsSync(directory) ? directory : nearest(dirname(directory)));

const sizeOf = (megabytes: number) =>
    megabytes < 1000 ? `${Math.floor(megabytes)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;

/** Disks on which there is too little room for all that is to come there, a sentence each. */
export function diskConflicts(needs: readonly DiskNeed[]): string[] {
    const diskOf = ({ directory }: DiskNeed) => statSync(nearest(directory)).dev;
    return [...new Set(needs.map(diskOf))].flatMap((disk) => {
        const onDisk = needs.filter((need) => diskOf(need) === disk);
        const { bavail, bsize } = statfsSync(nearest(onDisk[0].directory));
        const free = (bavail * bsize) / 1e6;
        const needed = onDisk.reduce((sum, { megabytes }) => sum + megabytes, 0);
        if (free >= needed) return [];
        const parts = onDisk.map(
            ({ what, directory, megabytes }) => `${sizeOf(megabytes)} for ${what} in ${directory}`,
        );
        return `the disk has ${sizeOf(free)} free, and ${sizeOf(needed)} are needed: ${parts.join(", ")}`;
    });
}
