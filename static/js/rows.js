// Rows of a form that are added and removed without a reload. Without scripts a few spare ones stand there instead.
(() => {
  "use strict";

  const listOf = (button) => button.closest("fieldset").querySelector("ol");

  /** Says of each row which one it is. */
  function count(list) {
    [...list.children].forEach((row, place) => {
      for (const part of row.querySelectorAll("[data-label]")) {
        part.setAttribute("aria-label", window.deskbell.fill(part.dataset.label, { number: place + 1 }));
      }
    });
  }

  function add(button) {
    const list = listOf(button);
    list.append(document.getElementById(`${button.dataset.rowAdd}-row`).content.cloneNode(true));
    const row = list.lastElementChild;
    row.querySelector("[data-row-remove]").hidden = false;
    count(list);
    row.querySelector("input").focus();
  }

  /** The focus goes to the row that takes its place, else to the one before, else to where rows are added. */
  function remove(button) {
    const row = button.closest("li");
    const fieldset = row.closest("fieldset");
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    count(fieldset.querySelector("ol"));
    (next ? next.querySelector("input") : fieldset.querySelector("[data-row-add]")).focus();
  }

  function prepare() {
    for (const row of document.querySelectorAll("[data-row-spare]")) row.remove();
    for (const button of document.querySelectorAll("[data-row-add], [data-row-remove]")) button.hidden = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-add], [data-row-remove]");
    if (!button) return;
    if ("rowAdd" in button.dataset) add(button);
    else remove(button);
  });
  document.addEventListener("DOMContentLoaded", prepare);
})();
