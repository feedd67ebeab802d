// Opens pages in Chromium at each width, light and dark; the first one also without JavaScript. For
// each of them a JSON line goes out: console errors, requests to elsewhere, how far the page scrolls
// sideways, the smallest text of the picture, and what axe-core finds; of the dark ones in contrast.
const fs = require("fs");
const { chromium } = require("playwright-core");
const { options } = require("../../chromium.cjs");

const { program, urls, widths, user, password, pictures } = JSON.parse(process.argv[2]);
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function main() {
  const browser = await chromium.launch(options(program));
  const httpCredentials = { username: user, password };
  const look = async (colorScheme) => {
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
      if (at === 0) {
        const page = await plain.newPage();
        watch(page);
        await page.goto(url);
        seen.text = await page.textContent("main");
        await page.close();
      }
      const judged = await scripted.newPage();
      watch(judged);
      seen.status = (await judged.goto(url)).status();
      for (const width of widths) {
        await judged.setViewportSize({ width, height: 800 });
        seen.sideways.push(
          await judged.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
        );
        if (pictures) {
          const path = `${pictures}/${at}-${colorScheme}-${width}.png`;
          await judged.screenshot({ path, fullPage: true });
        }
        if (width !== widths[0]) continue;
        seen.smallest = await judged.evaluate(() =>
          Math.min(...[...document.querySelectorAll(".x text, .y span")]
            .map((text) => text.getBoundingClientRect().height), 99));
      }
      await judged.evaluate(axe);
      const rules = colorScheme === "dark" ? { runOnly: ["color-contrast"] } : {};
      const found = await judged.evaluate(
        (rules) => window.axe.run({ resultTypes: ["violations"], ...rules }), rules,
      );
      for (const fault of found.violations) {
        const where = fault.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3);
        seen.faults.push({ id: fault.id, impact: fault.impact, where });
      }
      await judged.close();
      console.log(JSON.stringify(seen));
    }
    await plain.close();
    await scripted.close();
  };
  await Promise.all(["light", "dark"].map(look));
  await browser.close();
}

main();
