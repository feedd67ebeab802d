// What every script for Node shares: the same as kit.py.

import assert from 'node:assert/strict';

const { CLIENT_URL, CLIENT_KEY, CLIENT_MODEL, CLIENT_DOORS } = process.env;
export { assert, CLIENT_URL as URL, CLIENT_KEY as KEY, CLIENT_MODEL as MODEL };

export const CAPITAL = 'What is the capital of France?';
export const PARIS = 'Paris is the capital of France.';
export const WEATHER = 'What is the weather in Rome?';
export const BOTH = 'What is the weather in Rome and Oslo?';
export const NOVEL = 'Which novel is Emma, and of which year?';
export const EMMA = { title: 'Emma', year: 1815 };
export const COUNT = 'How many messages are there?';
export const SPOKEN = 'The quick brown fox jumps over the lazy dog.';
export const SPEECH_MODEL = 'assemblyai/universal-2';
export const CLAUDE = 'assemblyai/claude-sonnet-4-6';

const cells = [];

export function cell(name, door, run, { setting = false } = {}) {
  cells.push({ name, door, setting, run });
}

export function weather(city) {
  const said = { Rome: '21 degrees in Rome', Oslo: '4 degrees in Oslo' }[city];
  assert.ok(said, `no weather of ${city}`);
  return said;
}

export function told(text, ...cities) {
  assert.ok(text.startsWith('The tools said: '), text);
  for (const city of cities) assert.ok(text.includes(weather(city)), text);
}

export function used(...counts) {
  for (const count of counts) assert.ok(Number.isInteger(count) && count > 0, `${counts}`);
}

// Half a second of silence, 16 kHz, 16 bits, as a file in WAV.
export function sound() {
  const data = Buffer.alloc(44 + 16000);
  data.write('RIFF', 0);
  data.writeUInt32LE(36 + 16000, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(16000, 24);
  data.writeUInt32LE(32000, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36);
  data.writeUInt32LE(16000, 40);
  return data;
}

export async function run() {
  const doors = CLIENT_DOORS.split(',');
  let failed = false;
  for (const { name, door, setting, run } of cells) {
    if (!doors.includes(door)) continue;
    const said = { cell: name, door, ok: true, setting };
    try {
      await run();
    } catch (error) {
      failed = true;
      console.log(error);
      Object.assign(said, { ok: false, why: `${error.name}: ${error.message}`.slice(0, 500) });
    }
    console.log(`CELL ${JSON.stringify(said)}`);
  }
  process.exit(failed ? 1 : 0);
}
