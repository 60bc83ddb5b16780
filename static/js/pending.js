// Shows what stands in the outbox of the open chat, as bubbles at its end, until the real message is there.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  const thread = () => document.querySelector("#conversation .thread");
  const openCase = () => document.getElementById("conversation")?.dataset.case;
  const withClient = (id) => `.message[data-client="${CSS.escape(id)}"]`;
  const bubbleOf = (id) => thread().querySelector(`${withClient(id)}:not([id])`);
  const hasTwin = (id) => Boolean(thread().querySelector(`${withClient(id)}[id]`));

  function blow(entry) {
    const bubble = document.getElementById("message-template").content.firstElementChild.cloneNode(true);
    bubble.dataset.client = entry.id;
    bubble.toggleAttribute("data-note", Boolean(entry.isNote));
    bubble.setAttribute("aria-live", "off"); // the real message will be read out
    bubble.querySelector(".message-text").textContent = entry.text;
    bubble.querySelector(".message-files").textContent = entry.files.map((file) => file.name).join(", ");
    bubble.querySelector("time").dateTime = entry.writtenAt;
    thread().append(bubble);
    return bubble;
  }

  function show(entry) {
    const bubble = bubbleOf(entry.id) || blow(entry);
    const hasFailed = entry.state === "failed";
    bubble.dataset.delivery = entry.state;
    bubble.querySelector(".message-trouble").hidden = !hasFailed;
    if (hasFailed) bubble.querySelector(".message-reason").textContent = entry.reason;
  }

  function update() {
    if (!thread() || !openCase()) return;
    const entries = deskbell.outbox.of(openCase()).filter((entry) => !hasTwin(entry.id));
    const ids = new Set(entries.map((entry) => entry.id));
    for (const bubble of thread().querySelectorAll(".message[data-client]:not([id])")) {
      if (!ids.has(bubble.dataset.client)) bubble.remove();
    }
    entries.forEach(show);
    stayLast(thread());
    deskbell.followEnd();
  }

  /** What others said meanwhile is said before ours. */
  function stayLast(log) {
    const bubbles = [...log.querySelectorAll(".message[data-client]:not([id])")];
    if (bubbles.some((bubble) => bubble.nextElementSibling && bubble.nextElementSibling.id)) log.append(...bubbles);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-retry], [data-edit]");
    const bubble = button && button.closest(".message[data-client]:not([id])");
    if (!bubble) return;
    if (button.hasAttribute("data-retry")) deskbell.outbox.again(bubble.dataset.client);
    else deskbell.outbox.edit(bubble.dataset.client);
  });
  for (const moment of ["deskbell:outbox", "deskbell:opened", "htmx:after:swap"]) {
    document.addEventListener(moment, update);
  }
})();
