// Uploads a file N times with AssemblyAI's SDK, four at a time, and prints how each ended:
// node npm_uploads.js BASE_URL KEY FILE N
const { AssemblyAI } = require("assemblyai");

const [base, key, file, count] = process.argv.slice(2);
const client = new AssemblyAI({ apiKey: key, baseUrl: base });
const ends = {};
let left = Number(count);

async function uploads() {
  while (left-- > 0) {
    let end;
    try {
      await client.files.upload(file);
      end = "uploaded";
    } catch (error) {
      end = error.cause ? `${error.message}: ${error.cause.message}` : error.message;
    }
    ends[end] = (ends[end] || 0) + 1;
  }
}

Promise.all([1, 2, 3, 4].map(uploads)).then(() => console.log(JSON.stringify(ends)));
