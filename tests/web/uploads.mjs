// Files that would be pages or scripts, if a browser took them for such: whichever way they are
// opened, none runs and none loads anything. Each of the layers holds without those above it.
// Run by tests/web.rs.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { anywhere, assert, device, done, open, server, story } from "./support.mjs";

// Somebody who hears of everything that gets out, and never should.
const heard = new Set();
const canary = createServer(({ url }, answer) => {
  heard.add(url);
  canary.emit("heard");
  answer.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": "text/plain" }).end("x");
});
canary.listen(0, "127.0.0.1");
await once(canary, "listening");
const out = `http://127.0.0.1:${canary.address().port}`;

async function hears(path) {
  while (!heard.has(path)) await once(canary, "heard", { signal: AbortSignal.timeout(30_000) });
}

// What a script does that runs: it tells, and leaves a mark in the server's origin.
const script = (way) =>
  `fetch("${out}/${way}/script").catch(() => {}); try { localStorage.hit = "${way}" } catch {}`;

// What each kind holds, and what a browser would have to take it for.
const KINDS = {
  html: {
    type: "text/html",
    holds: (way) => `<!doctype html><title>x</title><link rel="stylesheet" href="${out}/${way}/style">
      <img src="${out}/${way}/image" onerror="${script(way).replaceAll('"', "&quot;")}">
      <iframe src="${out}/${way}/frame"></iframe><script>${script(way)}</script>`,
  },
  svg: {
    type: "image/svg+xml",
    holds: (way) => `<svg xmlns="http://www.w3.org/2000/svg" onload='${script(way)}'>
      <script><![CDATA[${script(way)}]]></script><image href="${out}/${way}/image" width="9" height="9"/>
      <foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${out}/${way}/frame"/></foreignObject></svg>`,
  },
  xhtml: {
    type: "application/xhtml+xml",
    holds: (way) => `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>
      <body><img src="${out}/${way}/image"/><script><![CDATA[${script(way)}]]></script></body></html>`,
  },
  xml: {
    type: "text/xml",
    holds: (way) => `<?xml version="1.0"?><?xml-stylesheet type="text/css" href="${out}/${way}/style"?>
      <r xmlns:h="http://www.w3.org/1999/xhtml"><h:script><![CDATA[${script(way)}]]></h:script></r>`,
  },
  js: { type: "text/javascript", holds: script },
  css: { type: "text/css", holds: (way) => `@import "${out}/${way}/import"; * { background: url("${out}/${way}/image") }` },
};

// What is said of them, and what they are called: rightly, wrongly, not at all.
function* claims(kind) {
  const { type } = KINDS[kind];
  for (const said of [type, "text/html", "image/svg+xml", "text/plain", "image/png", "application/pdf", ""]) {
    yield { kind, said, name: `x.${kind}` };
  }
  for (const name of ["x.png", "x"]) yield { kind, said: type, name };
}

const files = Object.keys(KINDS).flatMap((kind) => [...claims(kind)]);

// How a page gets another file into itself; each ends when the browser is through with it.
const WAYS = {
  iframe: (url) => element("iframe", { src: url }),
  img: (url) => element("img", { src: url }),
  object: (url) => element("object", { data: url }),
  embed: (url) => element("embed", { src: url }),
  script: (url) => element("script", { src: url }),
  module: (url) => element("script", { src: url, type: "module" }),
  link: (url) => element("link", { rel: "stylesheet", href: url }),
  worker: (url) =>
    new Promise((through) => {
      const worker = new Worker(url);
      worker.onerror = through;
      worker.onmessage = through;
      worker.postMessage("");
    }),
};

// What a page does to get it so.
const inside = (way, place) =>
  `{ const element = ${element}; (${WAYS[way]})(${JSON.stringify(path(place))}).then(() => null) }`;

function element(name, attributes) {
  return new Promise((through) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.onload = through;
    made.onerror = through;
    document.body.append(made);
  });
}

// What is taken away of what protects from a file: each layer holds without those above it.
const LAYERS = {
  "as it is": {},
  "without the attachment": { without: ["content-disposition"] },
  // Of a script or a style only its type is between it and a page that takes it in.
  "with the type that its uploader says": { without: ["content-disposition"], typed: true, but: ["js", "css"] },
};
const NOTHING = { without: ["content-disposition", "content-security-policy", "x-content-type-options"], typed: true };

const FILE = /^\/projects\/1\/files\/(\d+)$/;

// A proxy before the server that takes it away, and has a page of its own, which has no policy that
// could be what holds; gives its origin.
async function proxy({ without = [], typed = false }) {
  const between = createServer((asked, answer) => {
    const { method, url: path, headers } = asked;
    if (path === "/plain") {
      answer.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>x</title><body>");
      return;
    }
    const onwards = request(`${server}${path}`, { method, headers }, (given) => {
      const [, id] = FILE.exec(path) ?? [];
      const kept = Object.entries(given.headers).filter(([name]) => !(id && without.includes(name)));
      const type = id && typed ? { "content-type": files[id - 1].said || "text/html" } : {};
      answer.writeHead(given.statusCode, { ...Object.fromEntries(kept), ...type });
      given.pipe(answer);
    });
    asked.pipe(onwards);
  });
  between.listen(0, "127.0.0.1");
  await once(between, "listening");
  between.unref();
  return `http://127.0.0.1:${between.address().port}`;
}

const path = (place) => `/projects/1/files/${place + 1}`;

await story(async () => {
  const first = await device();
  const page = await open(first);
  const token = await page.evaluate(async () => {
    const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
    const made = await post("/auth/register", { username: "ann", password: "correct horse" });
    await post("/projects", { name: "P" });
    return (await made.json()).token;
  });
  assert.equal(token.length, 43);
  const contents = files.map(({ kind }, place) => KINDS[kind].holds(`${place}`));
  const statuses = await page.evaluate(async (list) => {
    const statuses = [];
    for (const { content, name, said } of list) {
      const form = new FormData();
      form.append("file", new Blob([content], { type: said }), name);
      statuses.push((await fetch("/projects/1/files", { method: "POST", body: form })).status);
    }
    return statuses;
  }, files.map((file, place) => ({ ...file, content: contents[place] })));
  assert.deepEqual(new Set(statuses), new Set([201]));
  const storageState = await first.storageState();
  await first.close();

  // The files are dangerous: with nothing to protect from them each kind gets out.
  let origin = await proxy(NOTHING);
  let context = await anywhere({ storageState });
  for (const [place, { kind, said, name }] of files.entries()) {
    if (said !== KINDS[kind].type || name !== `x.${kind}`) continue;
    const tab = await context.newPage();
    if (["js", "css"].includes(kind)) {
      await tab.goto(`${origin}/plain`);
      await tab.evaluate(inside(kind === "js" ? "script" : "link", place));
    } else {
      await tab.goto(origin + path(place));
    }
    await hears(`/${place}/${kind === "css" ? "import" : "script"}`);
    if (kind !== "css") assert.equal(await tab.evaluate(() => localStorage.hit), `${place}`);
    await tab.close();
  }
  await context.close();
  heard.clear();

  for (const [layer, taken] of Object.entries(LAYERS)) {
    origin = await proxy(taken);
    context = await anywhere({ storageState });
    const tab = await context.newPage();
    await tab.goto(`${origin}/plain`);
    for (const [place, file] of files.entries()) {
      if (taken.but?.includes(file.kind)) continue;
      const what = `${layer}: ${JSON.stringify(file)}`;
      // On its own, in the tab.
      const saved = tab.waitForEvent("download", { timeout: 0 }).catch(() => null);
      const shown = await tab.goto(origin + path(place)).then(() => true, () => false);
      if (shown) {
        assert.notEqual(layer, "as it is", `shown, not saved: ${what}`);
        await tab.goto(`${origin}/plain`);
      } else {
        assert.equal(await readFile(await (await saved).path(), "utf8"), contents[place], what);
      }
      // Inside a page of the same origin, in every way at once: each is saved, shown or refused.
      await new Promise((through, failed) => {
        let left = Object.keys(WAYS).length;
        const one = () => (left -= 1) || through();
        AbortSignal.timeout(30_000).onabort = () => failed(new Error(`nothing became of it: ${what}`));
        tab.on("download", one);
        for (const way of Object.keys(WAYS)) tab.evaluate(inside(way, place)).then(one, failed);
      });
      tab.removeAllListeners("download");
      assert.equal(await tab.evaluate(() => localStorage.hit), undefined, what);
    }
    await context.close();
  }
  assert.deepEqual([...heard], []);
});
canary.close();
done();
