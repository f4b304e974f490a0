// A visitor at the booking page, in a real browser. Run by tests/tests/booking_page.rs:
//   node booking-page.mjs MODULES CHROMIUM STORY, with the rest in the environment.
// Each story ends with exit code 0, or tells what was not as it should be.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chromium, story] = process.argv.slice(2);
const { chromium: browserType } = createRequire(join(modules, "index.js"))("playwright-core");
const { ADDRESS: address, SLUG: slug, ZONE: zone, MAIL: mail, SCREENSHOTS: screenshots } = process.env;
const home = `${address}/b/${slug}`;

/// A browser of somebody: whatever it should not do is an error.
const visitor = async (browser, options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // Refusals of the API are told as errors, too; the page shows them.
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) wrong.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${address}/`)) wrong.push(`asked somebody else: ${request.url()}`);
  });
  let number = 0;
  /// What holds at each step; and a picture of it, where they are wanted.
  const looks = async (name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${name}: ${wide} pixels too wide`);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("input, textarea, button, a")]
      .filter((control) => !(control.labels?.length || control.textContent.trim())).map((control) => control.outerHTML));
    assert.deepEqual(nameless, [], `${name}: controls without a name`);
    assert.deepEqual(wrong, [], name);
    if (screenshots) {
      const file = `${story}-${options.locale}-${String(++number).padStart(2, "0")}-${name}.png`;
      await page.screenshot({ path: join(screenshots, file), fullPage: true });
    }
  };
  return { page, looks, context };
};

/// Goes on by keyboard alone until `selector` has the focus.
const tabTo = async (page, selector) => {
  for (let tabs = 0; tabs < 200; tabs++) {
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no tabbing leads to ${selector}`);
};
const press = async (page, selector, key = "Enter") => {
  await tabTo(page, selector);
  await page.keyboard.press(key);
};
const heading = async (page, text) => {
  await page.locator("h2", { hasText: text }).waitFor();
  // Whoever reads with their ears is told where they are.
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H2", `${text}: the focus is elsewhere`);
};
const api = async (path) => (await fetch(`${address}/api/v1/public/${slug}${path}`)).json();

/// On a phone, in Polish, far away, without a mouse.
const byKeyboard = async (browser) => {
  const phone = { viewport: { width: 360, height: 640 }, locale: "pl-PL", timezoneId: "Asia/Tokyo" };
  const { page, looks, context } = await visitor(browser, phone);
  await page.goto(home);
  assert.equal(await page.getAttribute("html", "lang"), "pl");
  await heading(page, "Co");
  assert.match(await page.locator("main").innerText(), /120,00\szł/);
  await looks("what");
  await press(page, "input[type=checkbox]", "Space");
  await press(page, "button.main");
  await heading(page, "U kogo");
  await looks("who");
  await press(page, "button.main");
  await heading(page, "Kiedy");
  await page.locator(".times button").first().waitFor();
  await looks("when");
  const time = await page.locator(".times button").first().innerText();
  // By the house's clock, and by their own.
  assert.match(time, /^\d\d:\d\d\s+Twój czas (\S+ )?\d\d:\d\d$/);
  await press(page, ".times button");
  await heading(page, "Twoje dane");
  assert.match(await page.locator("dl").innerText(), /Cut – (Ola|Ewa)[\s\S]*Europe\/Warsaw[\s\S]*120,00\szł/);
  await looks("details");

  // Nothing but what is missing is told, at its place.
  await press(page, "button[type=submit]");
  assert.match(await page.locator("#said").innerText(), /zgody/);
  await press(page, ".consent input", "Space");
  await press(page, "button[type=submit]");
  await page.locator("#name[aria-invalid=true]").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "name");
  assert.notEqual(await page.locator("#phone-error").innerText(), "");
  await looks("faults");
  await page.keyboard.type("Wera Gość");
  await tabTo(page, "#phone");
  await page.keyboard.type("600 200 300");
  await press(page, "button[type=submit]");
  await heading(page, "Dziękujemy");
  assert.match(await page.locator("main").innerText(), /Potwierdzona/);
  await looks("booked");
  const booked = await page.locator("dl").innerText();

  await press(page, "a.button");
  await heading(page, "Twoja rezerwacja");
  const firstLink = page.url();
  assert.match(firstLink, /\/manage#token=/);
  assert.equal(await page.locator("dl").innerText(), booked);
  await looks("manage");
  await press(page, ".row button");
  await heading(page, "Kiedy");
  await page.locator(".times button").nth(3).waitFor();
  await looks("move");
  await press(page, ".times button:nth-child(4)");
  await heading(page, "Twoja rezerwacja");
  assert.notEqual(await page.locator("dl").innerText(), booked);
  assert.notEqual(page.url(), firstLink, "a move gives another link");
  await looks("moved");

  // The link of before shows it as it is now, and is as good: nobody but its holder changed anything.
  const old = await context.newPage();
  await old.goto(firstLink);
  await old.locator("dl").waitFor();
  assert.equal(await old.locator("dl").innerText(), await page.locator("dl").innerText());
  assert.equal(await old.locator("main .row button").count(), 2);
  await old.close();

  await press(page, ".row button:nth-child(2)");
  await heading(page, "Anulować rezerwację?");
  await tabTo(page, "#reason");
  await page.keyboard.type("Jestem chora");
  await looks("cancel");
  await press(page, "button.main");
  await heading(page, "Twoja rezerwacja");
  assert.match(await page.locator("main").innerText(), /Anulowana/);
  assert.equal(await page.locator("main button").count(), 0);
  await looks("cancelled");
};

/// Two want one time; the slower one is told, and has another.
const race = async (browser) => {
  const desk = { viewport: { width: 1280, height: 900 }, locale: "en-GB", timezoneId: zone };
  const [one, two] = [await visitor(browser, desk), await visitor(browser, desk)];
  const times = async ({ page }) => {
    await page.goto(`${home}/staff/${process.env.STAFF}`);
    await page.locator("input[type=checkbox]").first().check();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator(".times button").first().waitFor();
  };
  await times(one);
  await times(two);
  await one.looks("when");
  await one.page.locator(".times button").first().click();
  await one.page.locator("form").waitFor();
  const before = await two.page.locator(".times button").count();
  await two.page.locator(".times button").first().click();
  await two.page.locator("#said.wrong").waitFor();
  assert.match(await two.page.locator("#said").innerText(), /taken/i);
  await two.page.waitForFunction((before) => {
    const now = document.querySelectorAll(".times button").length;
    return now > 0 && now < before;
  }, before);
  await two.looks("taken");
  // Who turns back gives it back.
  await one.page.getByRole("button", { name: "Back" }).click();
  await one.page.locator(".times button").first().waitFor();
  assert.equal(await one.page.locator(".times button").count(), before);
};

/// The code in the letter.
const code = async (browser) => {
  const { page, looks } = await visitor(browser, { viewport: { width: 390, height: 844 }, locale: "uk-UA", timezoneId: zone });
  await page.goto(`${home}/services/${process.env.SERVICE}`);
  await page.locator("button.main").click();
  await page.locator(".times button").first().click();
  await page.fill("#name", "Віра");
  await page.fill("#email", "vera@example.org");
  await page.locator(".consent input").first().check();
  await page.locator("button[type=submit]").click();
  await page.locator("#code").waitFor();
  await looks("asked");
  let letter;
  for (let tries = 0; !letter && tries < 100; tries++) {
    try {
      letter = readdirSync(mail).find((name) => name.endsWith(".eml"));
    } catch { /* Nobody has written yet. */ }
    if (!letter) await new Promise((next) => setTimeout(next, 50));
  }
  const text = readFileSync(join(mail, letter), "utf8");
  const body = Buffer.from(text.split(/\r?\n\r?\n/).slice(1).join("\n"), /base64/i.test(text) ? "base64" : "utf8").toString();
  const digits = body.match(/\b\d{6}\b/)[0];
  await page.fill("#code", digits === "000000" ? "000001" : "000000");
  await page.locator("button.main").click();
  await page.locator("#said.wrong").waitFor();
  await looks("wrong");
  await page.fill("#code", digits);
  await page.locator("button.main").click();
  await page.locator("main", { hasText: "Підтверджено" }).waitFor();
  assert.match(page.url(), /\/manage#token=/);
  await looks("confirmed");
};

/// The days on which clocks change: what the API offers stands there, each time once, and each with a name of its own.
const clocks = async (browser) => {
  const offset = (at) => new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(at).find(({ type }) => type === "timeZoneName").value;
  const noon = (days) => {
    const at = new Date();
    at.setUTCHours(11, 0, 0, 0);
    at.setUTCDate(at.getUTCDate() + days);
    return at;
  };
  const changes = [];
  for (let days = 1; days < 364; days++) {
    if (offset(noon(days)) !== offset(noon(days - 1))) changes.push(days);
  }
  assert.equal(changes.length, 2);
  const seen = new Set();
  for (const days of changes) {
    const { page, looks, context } = await visitor(browser, { viewport: { width: 360, height: 640 }, locale: "en-GB", timezoneId: zone });
    await page.clock.setFixedTime(noon(days - 1));
    await page.goto(`${home}/staff/${process.env.STAFF}`);
    await page.locator("input[type=checkbox]").first().check();
    await page.locator("button.main").click();
    await page.locator(".times button").first().waitFor();
    const date = noon(days).toISOString().slice(0, 10);
    const { slots } = await api(`/availability?service_id=${process.env.SERVICE}&staff_id=${process.env.STAFF}&from=${date}&to=${date}`);
    const name = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "long", day: "numeric", month: "long" }).format(noon(days));
    const day = page.locator(".days section", { has: page.locator("h3", { hasText: name }) });
    const told = await day.locator("button").allInnerTexts();
    assert.equal(told.length, slots.length, date);
    assert.equal(new Set(told).size, told.length, `${date}: ${told}`);
    const wall = slots.map((slot) => slot.local_start.slice(11));
    told.forEach((time, number) => assert.ok(time.startsWith(wall[number]), `${time} is ${wall[number]}`));
    seen.add(new Set(wall).size < wall.length ? "twice" : wall.some((time) => time.startsWith("02:")) ? "whole" : "gap");
    await looks("when");
    await context.close();
  }
  assert.deepEqual([...seen].sort(), ["gap", "twice"]);
};

const stories = { keyboard: byKeyboard, race, code, clocks };
const browser = await browserType.launch({ executablePath: chromium, args: ["--no-sandbox"] });
try {
  await stories[story](browser);
} finally {
  await browser.close();
}
