// Dialogs: opened by button[data-dialog="id"], closed by [data-close], Esc or their form; the focus goes back.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  let opener = null;

  function open(dialog) {
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    dialog.showModal();
  }

  // The browser gives the focus back, unless a push has replaced the button meanwhile.
  function giveFocusBack() {
    if (!opener || !opener.isConnected) deskbell.focusComposer();
  }

  /** Asks before a request with hx-confirm: in the page's own dialog, and like the browser where it has none. */
  function confirm(event) {
    const dialog = document.getElementById("confirm-dialog");
    if (!dialog) return;
    event.preventDefault();
    const { ctx, issueRequest, dropRequest } = event.detail;
    dialog.querySelector(".confirm-text").textContent = ctx.confirm;
    dialog.returnValue = "";
    open(dialog);
    const settle = () => (dialog.returnValue === "yes" ? issueRequest() : dropRequest());
    dialog.addEventListener("close", settle, { once: true });
  }

  deskbell.openDialog = (id) => open(document.getElementById(id));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dialog], [data-close]");
    if (!button) return;
    if (button.dataset.dialog) deskbell.openDialog(button.dataset.dialog);
    else button.closest("dialog").close(button.value || "");
  });
  document.addEventListener("submit", (event) => {
    const dialog = event.target.closest("dialog");
    if (dialog && event.target.method !== "dialog") dialog.close();
  });
  document.addEventListener("close", giveFocusBack, true);
  document.addEventListener("htmx:confirm", confirm);
})();
