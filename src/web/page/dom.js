// Elements made by hand: what people wrote goes in as text and as nothing else.

export const $ = (selector, root = document) => root.querySelector(selector);

// h("a", { href: "#x", class: "big" }, "text", child): attributes by name, `on…` as listeners,
// `false` and null left out.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

// A picture of the sheet in index.html; what it means is said beside it.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// Said to those who listen instead of look.
export const hidden = (text) => h("span", { class: "sr" }, text);

// A round mark with the initials of a name, in a colour that stays with the name.
export function avatar(name, kind = "") {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? "?"];
  const initials = letters.map((word) => [...word][0]).join("").toUpperCase();
  return h("span", { class: `avatar tint${tint(name)} ${kind}`, "aria-hidden": "true" }, initials);
}

function tint(name) {
  let sum = 0x811c9dc5;
  for (const letter of name) sum = Math.imul(sum ^ letter.codePointAt(0), 0x01000193);
  return ((sum ^ (sum >>> 15)) >>> 0) % 8;
}

// Calls `draw` once before the next picture, however often it is asked; in a tab nobody sees,
// where there is no next picture, a moment later.
export function drawn(draw) {
  let asked = false;
  const now = () => {
    if (!asked) return;
    asked = false;
    draw();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.visibilityState === "visible") requestAnimationFrame(now);
    setTimeout(now, 250);
  };
}

// Shows a sentence at the foot of the page for a while.
export function toast(text) {
  const line = h("p", {}, text);
  $("#toasts").append(line);
  setTimeout(() => line.remove(), 6000);
}
