// Small things of every page: values copy by a click, and of tabs that do not all fit the present one is in sight.
(() => {
  "use strict";

  const DONE_MS = 2000;

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

  /** Scrolls the tabs themselves and never the page. */
  function showPresentTab() {
    const tabs = document.querySelector(".aside");
    const present = tabs?.querySelector("[aria-current]");
    if (present) tabs.scrollLeft = present.offsetLeft - (tabs.clientWidth - present.offsetWidth) / 2;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copyFor(button);
  });
  document.addEventListener("DOMContentLoaded", showPresentTab);
})();
