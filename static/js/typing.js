// "Maria is writing…", "Ann is replying…": shown for a few seconds, gone once the words are there.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const LASTS_MS = 6000;

  const writers = new Map(); // "case author agent" → { caseId, author, name, timer }
  const keyOf = (caseId, author, agent) => `${caseId} ${author} ${agent || ""}`;

  /** A customer who gave no name is called as everywhere on the page. */
  function sentence({ author, name }, { text, textAgent, customer }) {
    return deskbell.fill(author === "agent" ? textAgent : text, { name: name || customer });
  }

  function show() {
    const line = document.querySelector("#conversation .typing");
    if (!line) return;
    const here = [...writers.values()].filter((writer) => line.id === `typing-${writer.caseId}`);
    const words = here.map((writer) => sentence(writer, line.dataset)).join(" ");
    if (line.textContent !== words) line.textContent = words;
  }

  function forget(key) {
    if (!writers.has(key)) return;
    clearTimeout(writers.get(key).timer);
    writers.delete(key);
    show();
  }

  function note({ case: id, author, agent, name }) {
    const isOneself = author === "agent" && String(agent) === document.body.dataset.agent;
    if (isOneself) return;
    const key = keyOf(id, author, agent);
    forget(key);
    writers.set(key, { caseId: String(id), author, name, timer: setTimeout(forget, LASTS_MS, key) });
    show();
  }

  let knownCase = "";
  let knownIds = new Set();

  /** A message that was not there before says what its author was writing. */
  function notice() {
    const conversation = document.querySelector("#conversation[data-case]");
    if (!conversation) return;
    const messages = [...conversation.querySelectorAll(".message[id]")];
    const caseId = conversation.dataset.case;
    const added = caseId === knownCase ? messages.filter((message) => !knownIds.has(message.id)) : [];
    for (const { dataset } of added) forget(keyOf(caseId, dataset.author, dataset.agent));
    knownCase = caseId;
    knownIds = new Set(messages.map((message) => message.id));
  }

  document.addEventListener("deskbell:typing", (event) => note(event.detail));
  document.addEventListener("deskbell:opened", show);
  document.addEventListener("htmx:after:swap", notice);
  document.addEventListener("DOMContentLoaded", notice);
})();
