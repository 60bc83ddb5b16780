/* Elements, built one by one: no text of a customer or an agent ever passes through an HTML parser. */

const LINK = /https?:\/\/[^\s<>"]+/g;
const SENTENCE_END = /[.,:;!?'»”\]]+$/;
const BRACKET_END = /[.,:;!?'»”\])]+$/;

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function outwardLink(url, attributes, ...children) {
  return el("a", { href: url, target: "_blank", rel: "noopener", ...attributes }, ...children);
}

/* The text as nodes, with its http and https addresses as links. */
function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const url = found[0].replace(found[0].includes("(") ? SENTENCE_END : BRACKET_END, "");
    if (!isAddress(url)) continue;
    nodes.push(text.slice(end, found.index), outwardLink(url, {}, url));
    end = found.index + url.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function isAddress(url) {
  try {
    return Boolean(new URL(url).host);
  } catch {
    return false;
  }
}

/* "{name} is writing…" with its places filled. */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/* Change a text, and nothing if it says that already: a live region reads out whatever is put into it. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* Give an element these parts and keep those that it has, for the same reason. */
function renew(element, parts) {
  const present = [...element.children];
  const kept = parts.map((part) => present.find((child) => child.isEqualNode(part)) ?? part);
  present.filter((child) => !kept.includes(child)).forEach((child) => child.remove());
  kept.forEach((part, at) => element.children[at] === part || element.insertBefore(part, element.children[at] ?? null));
}

/* Random bytes in letters that fit into addresses and headers. */
function randomWord(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...random)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
