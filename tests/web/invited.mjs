// Somebody comes with an invitation, where nobody makes an account without one.
// Run: node tests/web/invited.mjs http://127.0.0.1:5003 /usr/bin/chromium '#invite=SECRET' '#invite=ANOTHER'

import { assert, device, done, enter, open, story } from "./support.mjs";

const [link, other] = process.argv.slice(4);
const secret = link.split("=")[1];
const PASSWORD = "correct horse battery";

const inside = (page) => page.waitForSelector("#app:not([hidden])");

await story(async () => {
  // Without one there is no account, and the refusal shows where one goes.
  const stranger = await open(await device());
  await stranger.click("#ways [data-way=account]");
  assert.ok(!(await stranger.isVisible("#invitation")));
  await stranger.fill("#name", "Ann");
  await stranger.fill("#password", PASSWORD);
  await stranger.click("#enter [type=submit]");
  await stranger.waitForSelector("#invitation:focus");
  assert.notEqual(await stranger.textContent("#name-problem"), "");
  await stranger.fill("#invitation", "no such secret");
  await stranger.click("#enter [type=submit]");
  await stranger.waitForSelector("#invitation:focus");
  assert.ok(await stranger.isVisible("#welcome"));

  // The link opens the right form with the invitation in it, and is out of the address at once.
  const ann = await open(await device(), `/${link}`);
  await ann.waitForSelector("#enter h1:text('A name of your own')");
  assert.equal(await ann.inputValue("#invitation"), secret);
  assert.ok(!ann.url().includes(secret), ann.url());
  await ann.fill("#name", "Ann");
  await ann.fill("#password", PASSWORD);
  await ann.click("#enter [type=submit]");
  await inside(ann);
  assert.ok(!ann.url().includes(secret), ann.url());
  await ann.waitForSelector("#projects-part:not([hidden])");
  assert.ok(!(await ann.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).includes(secret));

  // Whoever has an account needs none.
  await ann.goto(new URL(`/${other}`, ann.url()).href);
  await ann.waitForSelector("#toasts :text('You have an account already: Ann.')");

  // A guest who is here already keeps the name with it.
  const bob = await enter("Bob");
  await bob.evaluate((hash) => {
    location.hash = hash;
  }, other);
  await bob.waitForSelector("#self[open]");
  await bob.fill("#keep-password", PASSWORD);
  await bob.click("#keep [type=submit]");
  await bob.waitForSelector("#projects-part:not([hidden])");
});
done();
