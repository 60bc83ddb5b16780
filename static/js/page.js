// Small things of every page: the customer's panel folds, values copy by a click.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const FOLDED = "deskbell.panel.folded";

  const panel = () => document.querySelector("#conversation [id^='panel-']");

  function markButtons() {
    const isOpen = Boolean(panel()) && panel().checkVisibility();
    for (const button of document.querySelectorAll("[data-toggle-panel]")) {
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
  }

  /** The old way, for pages that are not secure. */
  function copyBySelecting(text) {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  async function copyFrom(button) {
    const source = document.querySelector(button.dataset.copy);
    const text = (source.value || source.textContent).trim();
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelecting(text);
    button.focus();
    deskbell.toast(deskbell.text("copied"));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle-panel], [data-copy]");
    if (!button) return;
    if (button.dataset.copy) copyFrom(button);
    else togglePanel();
  });
  document.addEventListener("deskbell:opened", () => {
    if (localStorage.getItem(FOLDED) && document.body.dataset.panel !== "open") document.body.dataset.panel = "closed";
    markButtons();
  });
})();
