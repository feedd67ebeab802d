// Opens pages in Chromium, one after the other, after a login. Each one's text goes out once its
// title is "over", and a picture to a file. Nothing beyond this machine is looked up.
const { chromium } = require("playwright-core");
const { options } = require("../../chromium.cjs");

const { program, profile, login, pages, pictures } = JSON.parse(process.argv[2]);

async function main() {
  const context = await chromium.launchPersistentContext(profile, {
    ...options(program), ignoreHTTPSErrors: true,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(login);
  for (const [at, url] of pages.entries()) {
    await page.goto(url);
    await page.waitForFunction(() => document.title === "over");
    await page.screenshot({ path: `${pictures}/${at}.png` });
    console.log(await page.innerText("body"));
  }
  await context.close();
}

main();
