// openai for Node, as its README shows it.

import OpenAI, { toFile } from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import {
  assert, BOTH, CAPITAL, cell, COUNT, EMMA, MODEL, NOVEL, PARIS, run, sound, SPEECH_MODEL, SPOKEN,
  told, used, weather, WEATHER,
} from './kit.mjs';

const client = new OpenAI();
const Novel = z.object({ title: z.string(), year: z.number() });
const PARAMETERS = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const asked = (content) => [{ role: 'user', content }];

cell('chat', 'chat', async () => {
  const reply = await client.chat.completions.create({ model: MODEL, messages: asked(CAPITAL) });
  assert.equal(reply.choices[0].message.content, PARIS);
  used(reply.usage.prompt_tokens, reply.usage.completion_tokens);
});

cell('stream', 'chat', async () => {
  const stream = await client.chat.completions.create({
    model: MODEL, messages: asked(CAPITAL), stream: true, stream_options: { include_usage: true },
  });
  let text = '';
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, PARIS);
  used(usage.prompt_tokens, usage.completion_tokens);
});

cell('stream', 'chat', async () => {
  const stream = client.chat.completions.stream({ model: MODEL, messages: asked(CAPITAL) });
  assert.equal(await stream.finalContent(), PARIS);
});

async function loop(question, ran, more = {}) {
  const runner = client.chat.completions.runTools({
    model: MODEL,
    messages: asked(question),
    tools: [{
      type: 'function',
      function: {
        name: 'get_weather',
        parse: JSON.parse,
        parameters: PARAMETERS,
        function: ({ city }) => (ran.push(city), weather(city)),
      },
    }],
    ...more,
  });
  return await runner.finalContent();
}

cell('tools', 'chat', async () => {
  const ran = [];
  told(await loop(WEATHER, ran), 'Rome');
  assert.deepEqual(ran, ['Rome']);
});

cell('tools', 'chat', async () => {
  told(await loop(WEATHER, [], { stream: true }), 'Rome');
});

cell('parallel', 'chat', async () => {
  const ran = [];
  told(await loop(BOTH, ran), 'Rome', 'Oslo');
  assert.deepEqual(ran, ['Rome', 'Oslo']);
});

cell('structured', 'chat', async () => {
  const reply = await client.chat.completions.parse({
    model: MODEL, messages: asked(NOVEL), response_format: zodResponseFormat(Novel, 'novel'),
  });
  assert.deepEqual(reply.choices[0].message.parsed, EMMA);
});

cell('sent back', 'chat', async () => {
  const messages = asked(NOVEL);
  const reply = await client.chat.completions.parse({
    model: MODEL, messages, response_format: zodResponseFormat(Novel, 'novel'),
  });
  messages.push(reply.choices[0].message, ...asked(COUNT));
  const last = await client.chat.completions.create({ model: MODEL, messages });
  assert.equal(last.choices[0].message.content, 'There are 3 messages.');
});

cell('speech', 'chat', async () => {
  const file = await toFile(sound(), 'speech.wav');
  const reply = await client.audio.transcriptions.create({ model: SPEECH_MODEL, file });
  assert.equal(reply.text, SPOKEN);
});

cell('chat', 'responses', async () => {
  const reply = await client.responses.create({ model: MODEL, input: CAPITAL });
  assert.equal(reply.output_text, PARIS);
  used(reply.usage.input_tokens, reply.usage.output_tokens);
});

cell('stream', 'responses', async () => {
  const stream = await client.responses.create({ model: MODEL, input: CAPITAL, stream: true });
  let text = '';
  let last;
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') text += event.delta;
    last = event;
  }
  assert.equal(text, PARIS);
  assert.equal(last.type, 'response.completed');
  used(last.response.usage.input_tokens, last.response.usage.output_tokens);
});

cell('stream', 'responses', async () => {
  const stream = client.responses.stream({ model: MODEL, input: CAPITAL });
  assert.equal((await stream.finalResponse()).output_text, PARIS);
});

async function responseLoop(question, ...cities) {
  const tools = [{ type: 'function', name: 'get_weather', parameters: PARAMETERS, strict: true }];
  const input = asked(question);
  const first = await client.responses.create({ model: MODEL, input, tools });
  const calls = first.output.filter((item) => item.type === 'function_call');
  assert.deepEqual(calls.map((call) => JSON.parse(call.arguments).city), cities);
  input.push(...first.output);
  for (const { call_id, arguments: text } of calls) {
    const output = weather(JSON.parse(text).city);
    input.push({ type: 'function_call_output', call_id, output });
  }
  told((await client.responses.create({ model: MODEL, input, tools })).output_text, ...cities);
}

cell('tools', 'responses', () => responseLoop(WEATHER, 'Rome'));
cell('parallel', 'responses', () => responseLoop(BOTH, 'Rome', 'Oslo'));

cell('structured', 'responses', async () => {
  const reply = await client.responses.parse({
    model: MODEL, input: NOVEL, text: { format: zodTextFormat(Novel, 'novel') },
  });
  assert.deepEqual(reply.output_parsed, EMMA);
});

cell('sent back', 'responses', async () => {
  const input = asked(NOVEL);
  const reply = await client.responses.parse({
    model: MODEL, input, text: { format: zodTextFormat(Novel, 'novel') },
  });
  input.push(...reply.output, ...asked(COUNT));
  const last = await client.responses.create({ model: MODEL, input });
  assert.equal(last.output_text, 'There are 3 messages.');
});

await run();
