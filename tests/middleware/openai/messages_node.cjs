// Anthropic's SDK for JavaScript: a message, streams, tools, an error. Prints what its user sees.
const { Anthropic } = require("@anthropic-ai/sdk");

const { url, key, model } = JSON.parse(process.argv[2]);
const messages = [{ role: "user", content: "Hello" }];
const tools = [{ name: "add", input_schema: { type: "object" } }];

async function main() {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const plain = await client.messages.create({ model, max_tokens: 50, messages });
  const stream = client.messages.stream({ model, max_tokens: 50, messages });
  let streamed = "";
  stream.on("text", (text) => { streamed += text; });
  const second = await stream.finalMessage();
  const third = await client.messages.stream({ model, max_tokens: 50, messages, tools }).finalMessage();
  let missing = null;
  try {
    await client.messages.create({ model: "assemblyai/gpt-9", max_tokens: 50, messages });
  } catch (error) {
    missing = [error.status, error.error.error.type];
  }
  console.log(JSON.stringify({
    text: plain.content[0].text,
    streamed,
    inputs: third.content.map((block) => block.input),
    reasons: [plain, second, third].map((message) => message.stop_reason),
    missing,
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
