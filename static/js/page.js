// Small things of every page: the customer's panel folds, values copy by a click.
(() => {
  "use strict";

  const FOLDED = "deskbell.panel.folded";
  const DONE_MS = 2000;

  const panel = () => document.querySelector("#conversation .panel");

  function markButtons() {
    const isOpen = Boolean(panel()) && panel().checkVisibility();
    for (const button of document.querySelectorAll(".talk [data-toggle-panel]")) {
      button.setAttribute("aria-expanded", String(isOpen));
    }
  }

  function togglePanel() {
    if (!panel()) return;
    const fold = panel().checkVisibility();
    document.body.dataset.panel = fold ? "closed" : "open";
    // Only the wish for more room is kept: an open sheet would cover the thread of a narrow screen.
    if (fold) localStorage.setItem(FOLDED, "1");
    else localStorage.removeItem(FOLDED);
    markButtons();
    const next = document.querySelector(fold ? ".talk [data-toggle-panel]" : ".panel [data-toggle-panel]");
    if (next && next.checkVisibility()) next.focus();
  }

  /** On small screens the panel lies over the thread. */
  const isSheet = () => Boolean(panel()) && panel().checkVisibility() && getComputedStyle(panel()).position === "fixed";

  /** The old way, for pages that are not secure. */
  function copyBySelecting(text) {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  async function copyFor(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = (source.value || source.textContent).trim();
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelecting(text);
    button.focus();
    const label = button.querySelector(".copy-text");
    const before = label.dataset.before || label.textContent;
    label.dataset.before = before;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), DONE_MS);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle-panel], [data-copy]");
    if (!button) return;
    if (button.dataset.copy) copyFor(button);
    else togglePanel();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open") && isSheet()) togglePanel();
  });
  document.addEventListener("focusin", (event) => {
    if (!isSheet() || panel().contains(event.target)) return;
    document.body.dataset.panel = "closed"; // or it would cover what has the focus now
    markButtons();
  });
  document.addEventListener("deskbell:opened", () => {
    if (localStorage.getItem(FOLDED) && document.body.dataset.panel !== "open") document.body.dataset.panel = "closed";
    markButtons();
  });
})();
