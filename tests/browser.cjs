// Opens pages in Chromium, one after the other. Each one's text goes out as a JSON line once its
// title is "over", and a picture of each width to a file. Nothing beyond this machine is looked up.
const { chromium } = require("playwright-core");
const { options } = require("./chromium.cjs");

const { program, profile, pages, widths, pictures } = JSON.parse(process.argv[2]);

async function main() {
  const context = await chromium.launchPersistentContext(profile, options(program));
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  for (const [at, { url, ends }] of pages.entries()) {
    await page.goto(url);
    if (ends) await page.waitForFunction(() => document.title === "over");
    for (const width of widths) {
      await page.setViewportSize({ width, height: 700 });
      await page.screenshot({ path: `${pictures}/${at}-${width}.png`, fullPage: true });
    }
    console.log(JSON.stringify(await page.innerText("body")));
  }
  await context.close();
}

main();
