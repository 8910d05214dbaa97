import { expect } from "chai";
import { withoutSecrets } from "../src/secrets";

describe("what the log says of the command line", () => {
    const texts: [text: string, shown: string][] = [
        ["RabbitHost=guest:se/cret@h", "RabbitHost=***@h"],
        ["RabbitHost=guest:se=cret@h:5672", "RabbitHost=***@h:5672"],
        ["RabbitHost=guest:se cr et@h", "RabbitHost=***@h"],
        ["RabbitHost=guest:se@cr\net@h", "RabbitHost=***@h"],
        ["RabbitHost=amqp://guest:se/cr=et@h", "RabbitHost=***@h"],
        ["--RabbitHost=guest:secret@h", "--RabbitHost=***@h"],
        ["amqp://guest:se/cr=et@h", "amqp://***@h"],
        ["guest:se/cr=et@h", "***@h"],
        ["RabbitHost=guest:se/cret@h is no host:port.", "RabbitHost=***@h is no host:port."],
        ['The argument "guest:se=cr et@h" is ignored.', 'The argument "***@h" is ignored.'],
        ["JsonWebTokenSecret=a@b=c", "JsonWebTokenSecret=***"],
        ["RabbitHost=rabbitmq:5672", "RabbitHost=rabbitmq:5672"],
    ];
    for (const [text, shown] of texts) {
        it(JSON.stringify(text), () => expect(withoutSecrets(text)).to.equal(shown));
    }
});
