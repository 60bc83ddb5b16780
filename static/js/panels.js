// The panels beside the thread: the customer's folds and stays folded; that of the integrations takes its place while
// it is wanted, for this conversation alone.
(() => {
  "use strict";

  const FOLDED = "deskbell.panel.folded";

  const conversation = () => document.getElementById("conversation");
  const panels = () => [...document.querySelectorAll("#conversation .panel")];
  const shown = () => panels().find((panel) => panel.checkVisibility());
  const isShown = (name) => shown()?.dataset.name === name;
  const buttons = () => [...document.querySelectorAll(".talk [data-toggle-panel]")];

  /** On small screens a panel lies over the thread. */
  const isSheet = () => Boolean(shown()) && getComputedStyle(shown()).position === "fixed";

  function markButtons() {
    for (const button of buttons()) button.setAttribute("aria-expanded", String(isShown(button.dataset.togglePanel)));
  }

  function toggleCustomers(fold) {
    delete conversation().dataset.aside;
    document.body.dataset.panel = fold ? "closed" : "open";
    // Only the wish for more room is kept: an open sheet would cover the thread of a narrow screen.
    if (fold) localStorage.setItem(FOLDED, "1");
    else localStorage.removeItem(FOLDED);
  }

  function toggleVendors(fold) {
    if (fold && isSheet()) document.body.dataset.panel = "closed"; // or the customer's sheet would follow
    if (fold) delete conversation().dataset.aside;
    else conversation().dataset.aside = "vendor";
  }

  function toggle(name) {
    if (!panels().length) return;
    const fold = isShown(name);
    if (name === "vendor") toggleVendors(fold);
    else toggleCustomers(fold);
    markButtons();
    const next = (fold ? buttons() : [...shown().querySelectorAll("[data-toggle-panel]")]).find(
      (button) => button.dataset.togglePanel === name,
    );
    if (next?.checkVisibility()) next.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle-panel]");
    if (button) toggle(button.dataset.togglePanel);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open], :popover-open")) return;
    if (isSheet()) toggle(shown().dataset.name);
  });
  document.addEventListener("focusin", (event) => {
    if (!isSheet() || shown().contains(event.target)) return;
    delete conversation().dataset.aside;
    document.body.dataset.panel = "closed"; // or it would cover what has the focus now
    markButtons();
  });
  document.addEventListener("htmx:after:swap", () => {
    // Whoever may not see the integrations' data any more loses its panel while it is open.
    if (!conversation()?.dataset.aside || document.querySelector("#conversation .panel-vendor")) return;
    delete conversation().dataset.aside;
    markButtons();
  });
  document.addEventListener("deskbell:opened", () => {
    if (localStorage.getItem(FOLDED) && document.body.dataset.panel !== "open") document.body.dataset.panel = "closed";
    markButtons();
  });
})();
