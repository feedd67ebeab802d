// Anthropic's SDK for Node, as its README shows it.

import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';
import {
  assert, BOTH, CAPITAL, cell, CLAUDE, COUNT, EMMA, NOVEL, PARIS, run, told, used, weather, WEATHER,
} from './kit.mjs';

const client = new Anthropic();
const Novel = z.object({ title: z.string(), year: z.number() });
const base = { model: CLAUDE, max_tokens: 500 };
const asked = (content) => [{ role: 'user', content }];
const textOf = (message) => message.content.map((block) => block.text ?? '').join('');

cell('chat', 'messages', async () => {
  const message = await client.messages.create({ ...base, messages: asked(CAPITAL) });
  assert.equal(textOf(message), PARIS);
  assert.equal(message.stop_reason, 'end_turn');
  used(message.usage.input_tokens, message.usage.output_tokens);
});

cell('stream', 'messages', async () => {
  const stream = client.messages.stream({ ...base, messages: asked(CAPITAL) });
  let text = '';
  stream.on('text', (piece) => (text += piece));
  const message = await stream.finalMessage();
  assert.equal(text, PARIS);
  assert.equal(textOf(message), PARIS);
  used(message.usage.input_tokens, message.usage.output_tokens);
});

async function loop(question, ran, more = {}) {
  const runner = client.beta.messages.toolRunner({
    ...base,
    messages: asked(question),
    tools: [betaZodTool({
      name: 'get_weather',
      description: 'Tells the weather.',
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => (ran.push(city), weather(city)),
    })],
    ...more,
  });
  return textOf(await runner.runUntilDone());
}

cell('tools', 'messages', async () => {
  const ran = [];
  told(await loop(WEATHER, ran), 'Rome');
  assert.deepEqual(ran, ['Rome']);
});

cell('tools', 'messages', async () => {
  told(await loop(WEATHER, [], { stream: true }), 'Rome');
});

cell('parallel', 'messages', async () => {
  const ran = [];
  told(await loop(BOTH, ran), 'Rome', 'Oslo');
  assert.deepEqual(ran, ['Rome', 'Oslo']);
});

const parsed = () => client.messages.parse({
  ...base, messages: asked(NOVEL), output_config: { format: zodOutputFormat(Novel) },
});

cell('structured', 'messages', async () => {
  assert.deepEqual((await parsed()).parsed_output, EMMA);
});

cell('sent back', 'messages', async () => {
  const { role, content } = await parsed();
  const messages = [...asked(NOVEL), { role, content }, ...asked(COUNT)];
  const message = await client.messages.create({ ...base, messages });
  assert.equal(textOf(message), 'There are 3 messages.');
});

await run();
