// What somebody wrote, as nodes: text, links, code. Never markup.

import { h } from "./dom.js";

const LINK = /https?:\/\/[^\s<>"'`]+/gu;
const EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})*(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})*)*|\p{Regional_Indicator}{2}|\s)+$/u;

// Longer texts are folded.
const LONG = 900;
const LINES = 14;

export const isLong = (text) => text.length > LONG || text.split("\n", LINES + 1).length > LINES;

// Whether a text is a few emoji and nothing else.
export const isEmoji = (text) => text.length <= 60 && EMOJI.test(text) && [...text].length <= 24;

// The text as a list of nodes.
export function nodes(text) {
  const list = [];
  const blocks = text.split("```");
  for (const [place, block] of blocks.entries()) {
    // An opening fence without a closing one is just text.
    const isOpen = place % 2 === 1 && place === blocks.length - 1;
    if (place % 2 === 1 && !isOpen) {
      list.push(h("pre", {}, h("code", {}, block.replace(/^[\w+-]*\n/, "").replace(/\n$/, ""))));
    } else {
      const next = place + 1 < blocks.length - 1;
      // A block of code stands apart already.
      const bare = block.replace(place > 0 && !isOpen ? /^\n/ : "", "").replace(next ? /\n$/ : "", "");
      list.push(...inline((isOpen ? "```" : "") + bare));
    }
  }
  return list;
}

function inline(text) {
  const list = [];
  for (const part of text.split(/(`[^`\n]+`)/u)) {
    if (/^`[^`]+`$/u.test(part)) list.push(h("code", {}, part.slice(1, -1)));
    else list.push(...linked(part));
  }
  return list;
}

function linked(text) {
  const list = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = withoutTail(found);
    const url = parse(address);
    if (!url) continue;
    if (index > end) list.push(text.slice(end, index));
    const attributes = { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" };
    list.push(h("a", attributes, address));
    end = index + address.length;
  }
  if (end < text.length) list.push(text.slice(end));
  return list;
}

// A full stop behind an address belongs to the sentence; a bracket, when it opens in the address,
// to the address.
function withoutTail(found) {
  let address = found;
  for (;;) {
    const last = address.at(-1);
    const closes = { ")": "(", "]": "[", "}": "{" }[last];
    const unbalanced = closes && address.split(closes).length < address.split(last).length;
    if (!/[.,:;!?*_~…]/u.test(last) && !unbalanced) return address;
    address = address.slice(0, -1);
  }
}

function parse(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:"].includes(url.protocol) && url.hostname ? url : null;
  } catch {
    return null;
  }
}
