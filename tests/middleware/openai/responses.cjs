// openai-node against the door of responses; prints what it got as one line of JSON.
const OpenAI = require("openai");

const model = "assemblyai/gpt-5-mini";
const add = {
  type: "function",
  name: "add",
  strict: true,
  parameters: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer" } },
    required: ["a", "b"],
    additionalProperties: false,
  },
};
const format = {
  type: "json_schema",
  name: "city",
  strict: true,
  schema: {
    type: "object",
    properties: { name: { type: "string" }, population: { type: "integer" } },
  },
};

async function main() {
  const client = new OpenAI({
    baseURL: process.env.BASE_URL,
    apiKey: process.env.API_KEY,
    maxRetries: 0,
  });
  const found = {};
  found.plain = (await client.responses.create({ model, input: "Hi" })).output_text;

  const stream = client.responses.stream({ model, input: "Count." });
  found.streamed = "";
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") found.streamed += event.delta;
    found.last = event.type;
  }
  if ((await stream.finalResponse()).output_text !== found.streamed) throw new Error("text");

  const input = [{ role: "user", content: "1 + 2?" }];
  const first = await client.responses.parse({ model, input, tools: [add] });
  const call = first.output.find((item) => item.type === "function_call");
  found.tool = call.parsed_arguments;
  input.push(...first.output);
  input.push({ type: "function_call_output", call_id: call.call_id, output: "3" });
  found.answer = (await client.responses.create({ model, input, tools: [add] })).output_text;

  found.parsed = JSON.parse(
    (await client.responses.parse({ model, input: "Paris?", text: { format } })).output_text,
  );
  try {
    await client.responses.create({ model, input: "Hi", previous_response_id: "resp_1" });
  } catch (error) {
    found.refused = [error.status, error.param];
  }
  try {
    await client.responses.retrieve("resp_1");
  } catch (error) {
    found.stored = error.status;
  }
  console.log(JSON.stringify(found));
}

main();
