// One's own messages: who may change which, and the dialog in which their words are changed.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const { agent, admin } = document.body.dataset;

  let edited = null; // the id of the message whose form is open

  const dialog = () => document.getElementById("correction-dialog");
  const isMine = ({ dataset }) => dataset.agent === agent || (admin !== undefined && dataset.note === undefined);

  /** What is pushed is the same for everyone; whose it is, is found out here. */
  function mark() {
    for (const menu of document.querySelectorAll("#conversation .message-menu")) {
      const message = menu.closest(".message");
      message.toggleAttribute("data-mine", isMine(message));
    }
  }

  const box = () => document.querySelector("#correction textarea");

  /** After the link the form has come. After the form it has come again with the reason, or the words were taken. */
  function swapped(event) {
    mark();
    const { sourceElement, text, response } = event.detail.ctx;
    // What the desk has refused stays as it is; a toast says why.
    if (!sourceElement?.matches?.("[data-correct], .correction") || response.status >= 400) return;
    // In a message such quotes would be escaped.
    if (!text.includes('id="correction-text"')) finish();
    else if (!dialog().open) showForm();
    box()?.focus();
  }

  /** Shows the form, with what was written in it before and neither taken nor given up. */
  function showForm() {
    deskbell.openDialog("correction-dialog");
    box().value = deskbell.drafts.ofCorrection(edited) || box().value;
  }

  /** The words were taken, or given up. */
  function finish() {
    deskbell.drafts.keepCorrection(edited, "");
    dialog().close();
  }

  function closed(event) {
    if (event.target !== dialog()) return;
    document.getElementById("correction").replaceChildren();
    for (const menu of document.querySelectorAll(".message-menu[open]")) menu.open = false;
    deskbell.focusFirst(document.querySelector(`#${edited} .message-menu summary`), document.getElementById(edited));
  }

  document.addEventListener("input", (event) => {
    if (event.target === box()) deskbell.drafts.keepCorrection(edited, box().value);
  });
  document.addEventListener("click", (event) => {
    const { target } = event;
    if (target.closest("[data-correct]")) edited = target.closest(".message").id;
    if (!target.closest("#correction [data-close]")) return;
    event.preventDefault();
    finish();
  });
  // A press elsewhere folds a menu, and so does Escape.
  document.addEventListener("pointerdown", (event) => {
    for (const menu of document.querySelectorAll(".message-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.(".message-menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("close", closed, true);
  document.addEventListener("htmx:after:swap", swapped);
  document.addEventListener("DOMContentLoaded", mark);
})();
