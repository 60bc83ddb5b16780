// Dialogs: opened by button[commandfor], closed by Esc or their forms; whoever opened one has the focus again after it.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const KNOWS_COMMANDS = "command" in HTMLButtonElement.prototype;

  let opener = null;

  function open(dialog) {
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    dialog.showModal();
  }

  // The browser gives the focus back, unless it was nowhere (a key opened the dialog) or a push has replaced the button.
  function giveFocusBack() {
    const active = document.activeElement;
    if (active !== document.body && active.checkVisibility()) return; // not the cross of the dialog that has just gone
    const menu = opener?.closest("[popover]");
    const menuButton = menu && document.querySelector(`[popovertarget="${menu.id}"]`);
    const button = opener?.matches("button") && opener.isConnected ? opener : null;
    deskbell.focusFirst(button, menuButton, document.querySelector("#conversation .chat-head h2"));
  }

  /** Asks before a request with hx-confirm: in the page's own dialog, and like the browser where it has none. */
  function confirm(event) {
    const dialog = document.getElementById("confirm-dialog");
    if (!dialog) return;
    event.preventDefault();
    const { ctx, issueRequest, dropRequest } = event.detail;
    dialog.querySelector(".dialog-text").textContent = ctx.confirm;
    dialog.returnValue = "";
    open(dialog);
    const settle = () => (dialog.returnValue === "yes" ? issueRequest() : dropRequest());
    dialog.addEventListener("close", settle, { once: true });
  }

  deskbell.openDialog = (id) => open(document.getElementById(id));

  document.addEventListener("click", (event) => {
    const button = event.target.closest('button[command="show-modal"]');
    if (!button) return;
    opener = button;
    if (!KNOWS_COMMANDS) deskbell.openDialog(button.getAttribute("commandfor"));
  });
  document.addEventListener("submit", (event) => {
    const dialog = event.target.closest("dialog[open]");
    if (dialog && event.target.getAttribute("method") !== "dialog" && !event.target.hasAttribute("data-stays")) dialog.close();
  });
  document.addEventListener("close", giveFocusBack, true);
  document.addEventListener("htmx:confirm", confirm);
})();
