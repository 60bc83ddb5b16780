// The chat list: files every row under New, Mine or Others, in order, and merges the server's full list.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const SECTIONS = ["new", "mine", "others"];

  const filed = new WeakMap(); // row → the revision at which it was put in its place
  let isKnown = false; // whether every row was here once, so that counting makes sense

  const rows = () => [...document.querySelectorAll("#chat-drawer .chat-row")];
  const home = (section) => document.getElementById(`chat-rows-${section}`);

  function sectionOf(row) {
    const { owner } = row.dataset;
    if (!Number(owner)) return "new";
    return owner === document.body.dataset.agent ? "mine" : "others";
  }

  function comesBefore(row, other) {
    const difference = Number(row.dataset.since) - Number(other.dataset.since);
    return difference ? difference < 0 : Number(row.dataset.case) < Number(other.dataset.case);
  }

  function file(row) {
    const list = home(sectionOf(row));
    const next = [...list.children].find((other) => other !== row && comesBefore(row, other)) || null;
    if (row.parentElement !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
    filed.set(row, row.dataset.rev);
  }

  function count() {
    for (const section of SECTIONS) {
      const counter = document.querySelector(`.chat-section[data-section="${section}"] summary .count`);
      const number = String(home(section).childElementCount);
      if (counter && counter.textContent !== number) counter.textContent = number;
    }
  }

  function markOpen() {
    for (const row of rows()) {
      if (deskbell.chatList.isOpen(row)) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** Where no chat is open: the words for what there is to open. */
  function invite() {
    const place = document.getElementById("no-chat");
    if (!place) return;
    const waiting = home("new").childElementCount;
    const next = waiting ? "waiting" : rows().length ? "open" : "quiet";
    for (const words of place.children) words.hidden = words.dataset.next !== next;
    const counted = place.querySelector('[data-next="waiting"] .empty-text');
    counted.textContent = deskbell.fill(place.dataset.text, { count: waiting });
  }

  function arrange() {
    if (!home("new")) return;
    rows().filter((row) => filed.get(row) !== row.dataset.rev).forEach(file);
    count();
    invite();
    markOpen();
    if (isKnown) document.dispatchEvent(new CustomEvent("deskbell:listed"));
  }

  function isSame(row) {
    const present = document.getElementById(row.id);
    return Boolean(present) && Object.entries(row.dataset).every(([name, value]) => present.dataset[name] === value);
  }

  /** A live fragment; what is not there yet goes to the end, because an upsert would compare it with every row. */
  function fragmentOf(listed) {
    const isHere = (row) => Boolean(document.getElementById(row.id));
    const html = (chosen) => chosen.map((row) => row.outerHTML).join("");
    const changed = listed.filter((row) => isHere(row) && !isSame(row));
    const added = listed.filter((row) => !isHere(row));
    return `<hx-upsert hx-target="#chat-rows-new">${html(changed)}</hx-upsert>
      <hx-partial hx-target="#chat-rows-new" hx-swap="beforeend">${html(added)}</hx-partial>`;
  }

  /** Takes over the server's list. `before` are the revisions when it was asked: what changed since may stay. */
  async function merge(answer, before) {
    const page = new DOMParser().parseFromString(answer, "text/html");
    const listed = [...page.querySelectorAll(".chat-row")];
    Object.assign(document.body.dataset, page.getElementById("chat-settings").dataset);
    const ids = new Set(listed.map((row) => row.id));
    const isGone = (row) => !ids.has(row.id) && before.get(row.id) === row.dataset.rev;
    rows().filter(isGone).forEach((row) => row.remove());
    isKnown = true;
    await deskbell.apply(fragmentOf(listed));
  }

  deskbell.chatList = {
    rows,
    sectionOf,
    merge,
    revisions: () => new Map(rows().map((row) => [row.id, row.dataset.rev])),
    isOpen: (row) => row.dataset.case === document.getElementById("conversation")?.dataset.case,
  };

  document.addEventListener("htmx:after:swap", arrange);
  document.addEventListener("DOMContentLoaded", () => {
    isKnown = rows().length > 0;
    arrange();
  });
})();
