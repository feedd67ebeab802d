// Opens pages in Chromium without JavaScript, at each width, light and dark. For each of them a JSON
// line goes out: console errors, requests to elsewhere, how far the page scrolls sideways, the
// smallest text of the picture, and what axe-core finds (with JavaScript, in a further look).
const fs = require("fs");
const { chromium } = require("playwright-core");

const { program, urls, widths, user, password, pictures } = JSON.parse(process.argv[2]);
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function main() {
  const browser = await chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
  });
  const httpCredentials = { username: user, password };
  for (const colorScheme of ["light", "dark"]) {
    const plain = await browser.newContext({
      httpCredentials, colorScheme, javaScriptEnabled: false,
    });
    const scripted = await browser.newContext({ httpCredentials, colorScheme, bypassCSP: true });
    for (const [at, url] of urls.entries()) {
      const origin = new URL(url).origin;
      const seen = { url, colorScheme, errors: [], elsewhere: [], sideways: [], faults: [] };
      const watch = (page) => {
        page.on("console", (message) => {
          if (message.type() === "error") seen.errors.push(message.text());
        });
        page.on("pageerror", (error) => seen.errors.push(String(error)));
        page.on("request", (request) => {
          if (new URL(request.url()).origin !== origin) seen.elsewhere.push(request.url());
        });
      };
      const page = await plain.newPage();
      watch(page);
      seen.status = (await page.goto(url)).status();
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        if (pictures) {
          const path = `${pictures}/${at}-${colorScheme}-${width}.png`;
          await page.screenshot({ path, fullPage: true });
        }
      }
      await page.close();
      const judged = await scripted.newPage();
      watch(judged);
      await judged.goto(url);
      for (const width of widths) {
        await judged.setViewportSize({ width, height: 800 });
        seen.sideways.push(
          await judged.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
        );
        if (width !== widths[0]) continue;
        seen.smallest = await judged.evaluate(() =>
          Math.min(...[...document.querySelectorAll(".x text, .y span")]
            .map((text) => text.getBoundingClientRect().height), 99));
      }
      await judged.evaluate(axe);
      const found = await judged.evaluate(() => window.axe.run());
      for (const fault of found.violations) {
        const where = fault.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3);
        seen.faults.push({ id: fault.id, impact: fault.impact, where });
      }
      await judged.close();
      console.log(JSON.stringify(seen));
    }
    await plain.close();
    await scripted.close();
  }
  await browser.close();
}

main();
