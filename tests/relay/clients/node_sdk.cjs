// The Node SDK in one session, told by a JSON object; what its user sees goes out as JSON lines.
const { AssemblyAI } = require("assemblyai");

const { https, wss, key, byToken, tenths, stay, more } = JSON.parse(process.argv[2]);
const tell = (event, facts) => console.log(JSON.stringify({ event, ...facts }));

async function main() {
  const client = new AssemblyAI({ apiKey: key, streamingBaseUrl: https });
  const access = byToken
    ? { token: await client.streaming.createTemporaryToken({ expires_in_seconds: 60 }) }
    : {};
  const transcriber = client.streaming.transcriber({
    ...access,
    websocketBaseUrl: `${wss}/v3/ws`,
    sampleRate: 16000,
    speechModel: "universal-streaming-english",
    connectionRetryDelay: 20,
    connectTimeout: 20000,
    ...more,
  });
  let heard;
  const turn = new Promise((resolve) => { heard = resolve; });
  const closed = new Promise((resolve) => {
    transcriber.on("close", (code, reason) => { tell("close", { code, reason }); resolve(); });
  });
  transcriber.on("open", ({ id }) => tell("open", { id }));
  transcriber.on("turn", ({ transcript, end_of_turn }) => {
    tell("turn", { transcript, end_of_turn });
    heard();
  });
  transcriber.on("error", (error) => tell("error", { code: error.code, message: error.message }));
  try {
    await transcriber.connect();
  } catch (error) {
    tell("rejected", { code: error.code, message: error.message });
    return;
  }
  for (let sent = 0; sent < tenths; sent++) transcriber.sendAudio(new Uint8Array(3200).buffer);
  await turn;
  if (stay) await closed;
  else await transcriber.close();
}

main();
