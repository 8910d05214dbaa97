/** Saves a document again and again, each time from its newest version: `savingProcess.ts <directory> <id> <word> <rounds>`. */
import { DocumentStore, DocumentStoreError } from "../src/documents/store";

async function main([directory = "", id = "", word = "", rounds = ""]: readonly string[]): Promise<void> {
    const store = new DocumentStore(directory);
    for (let round = 0; round < Number(rounds); round++) {
        const base = await store.readNewest(id);
        try {
            const { content } = base;
            const saved = await store.save(base, { ...content, script: `${content.script} ${word}` });
            process.send?.({ saved: saved.version });
        } catch (error) {
            if (!(error instanceof DocumentStoreError && error.reason === "conflict")) {
                process.send?.({ failed: String(error) });
            }
        }
    }
    process.disconnect();
}

void main(process.argv.slice(2));
