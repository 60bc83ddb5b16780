// Keeps the keyboard where it was when a row, a message or the bar under it is replaced, and takes it along when
// another chat is opened.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const HOLDERS = ".chat-row[id], .message[id], .chat-head[id], .chat-bar[id], .earlier[id], .panel-block[id]";
  const STOPS = "a[href], button, input, select, textarea, [tabindex]";

  let held = null;
  let afterOpening = null;

  const isLost = () => document.activeElement === document.body;
  const conversation = () => document.getElementById("conversation");
  const rowOf = (caseId) => document.getElementById(`chat-row-${caseId}`);

  /** Puts the focus on the first of these that can be seen and take it; on the page's main part if there is none. */
  function focusFirst(...elements) {
    const able = elements.find((each) => each && each.checkVisibility() && !each.matches(":disabled"));
    (able || document.getElementById("main")).focus({ preventScroll: !able });
  }

  const heading = () => document.querySelector("#conversation .chat-head h2");
  const composer = () => document.querySelector("#conversation .composer textarea");

  deskbell.focusFirst = focusFirst;
  deskbell.focusComposer = () => focusFirst(composer());
  deskbell.focusHeading = () => focusFirst(heading());

  /** Where the focus goes when the chat that is being opened is there: its row in the list or its reply box. */
  deskbell.focusAfterOpening = (place) => {
    afterOpening = place;
  };

  function arrive() {
    const place = afterOpening;
    afterOpening = null;
    if (place === "composer") deskbell.focusComposer();
    else if (place === "row") focusFirst(rowOf(conversation().dataset.case)?.querySelector("a"), heading());
  }

  /** What was focused is gone for good: its chat has ended, or the way back led to the list. */
  function settle() {
    const [neighbour] = held.neighbours.filter((row) => row?.isConnected);
    if (neighbour) return focusFirst(neighbour.querySelector("a"), heading());
    const bar = document.querySelector("#conversation .chat-bar");
    if (bar && bar.dataset.active === "1") return deskbell.focusComposer();
    return focusFirst(heading(), rowOf(held.caseId)?.querySelector("a"));
  }

  function restore() {
    const holder = document.getElementById(held.id);
    const stop = holder && holder.querySelectorAll(STOPS)[held.stop];
    if (stop) stop.focus({ preventScroll: true });
    if (isLost()) settle();
  }

  document.addEventListener("htmx:before:swap", () => {
    const active = document.activeElement;
    const holder = active && active.closest(HOLDERS);
    if (!holder && !conversation()?.contains(active)) return;
    const stop = holder ? [...holder.querySelectorAll(STOPS)].indexOf(active) : -1;
    const neighbours = holder?.matches(".chat-row") ? [holder.nextElementSibling, holder.previousElementSibling] : [];
    held = { id: holder?.id, stop, neighbours, caseId: conversation()?.dataset.case };
  });

  document.addEventListener("htmx:finally:swap", () => {
    if (held && isLost()) restore();
    held = null;
  });

  document.addEventListener("deskbell:opened", arrive);
})();
